//! A dev `OpenBao` on loopback with one connection in it, and an `AppRole` that may read it.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::{clean, output_of};

/// A running server. It ends with this process, which holds the input that its keeper waits for.
pub(crate) struct OpenBao {
    pub(crate) address: String,
    pub(crate) role_id: String,
    pub(crate) secret_id: String,
    keeper: Child,
}

/// The connection that every lookup finds.
const URI: &str = "smtp://user:pass@mail.example.com:587";

/// The root token.
pub(crate) const ROOT_TOKEN: &str = "root";

impl OpenBao {
    /// Starts a server, with its files in `folder`, and stores `connections/smtp_default` in the mount `airflow`.
    pub(crate) fn start(bao: &str, folder: &Path) -> Self {
        let folder = folder.join("openbao");
        std::fs::create_dir(&folder).unwrap();
        let [http, https] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [http, https] = [http, https].map(|listener| listener.local_addr().unwrap().port());
        let keeper = Command::new("sh")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/openbao"))
            .arg(bao)
            .arg(folder)
            .args([http.to_string(), https.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let end = Instant::now() + Duration::from_mins(1);
        while TcpStream::connect(("127.0.0.1", http)).is_err() {
            assert!(Instant::now() < end, "OpenBao did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        let address = format!("http://127.0.0.1:{http}");
        let ask = |arguments: &[&str]| output_of(cli(bao, &address).args(arguments));
        ask(&["secrets", "enable", "-path=airflow", "-version=2", "kv"]);
        ask(&["auth", "enable", "approle"]);
        let policy = r#"policy=path "airflow/data/*" { capabilities = ["read"] }"#;
        ask(&["write", "sys/policies/acl/airflow", policy]);
        ask(&[
            "write",
            "auth/approle/role/airflow",
            "token_policies=airflow",
            "token_ttl=1h",
        ]);
        let role_id = ask(&["read", "-field=role_id", "auth/approle/role/airflow/role-id"]);
        let secret_id = ask(&[
            "write",
            "-f",
            "-field=secret_id",
            "auth/approle/role/airflow/secret-id",
        ]);
        // A new mount upgrades itself for a moment.
        while !cli(bao, &address)
            .args(["kv", "put", "-mount=airflow", "connections/smtp_default"])
            .arg(format!("conn_uri={URI}"))
            .output()
            .unwrap()
            .status
            .success()
        {
            assert!(Instant::now() < end, "OpenBao's mount is not ready");
        }
        Self {
            address,
            role_id,
            secret_id,
            keeper,
        }
    }
}

impl Drop for OpenBao {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Returns OpenBao's command, as root.
pub(crate) fn cli(bao: &str, address: &str) -> Command {
    let mut command = clean(bao);
    command.env("BAO_ADDR", address).env("BAO_TOKEN", ROOT_TOKEN);
    command
}
