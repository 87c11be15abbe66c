# The formula of a tap: the release's own builds. scripts/release fills it in; a line without a build is left out.
class Secretctl < Formula
  desc "Resolves Apache Airflow's connections and variables without Python"
  homepage "@HOMEPAGE@"
  version "@VERSION@"
  license "Apache-2.0"

  on_macos do
    on_arm do
      url "@DOWNLOAD@/secretctl-@VERSION@-aarch64-apple-darwin.tar.gz"
      sha256 "@SHA256:aarch64-apple-darwin@"
    end
    on_intel do
      url "@DOWNLOAD@/secretctl-@VERSION@-x86_64-apple-darwin.tar.gz"
      sha256 "@SHA256:x86_64-apple-darwin@"
    end
  end

  on_linux do
    on_arm do
      url "@DOWNLOAD@/secretctl-@VERSION@-aarch64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256:aarch64-unknown-linux-musl@"
    end
    on_intel do
      url "@DOWNLOAD@/secretctl-@VERSION@-x86_64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256:x86_64-unknown-linux-musl@"
    end
  end

  def install
    bin.install "secretctl"
    man1.install "man/secretctl.1"
    bash_completion.install "completions/secretctl.bash" => "secretctl"
    zsh_completion.install "completions/_secretctl"
    fish_completion.install "completions/secretctl.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/secretctl --version")
    ENV["AIRFLOW_CONN_SMTP_DEFAULT"] = "smtp://user:pass@mail.example.com:587"
    assert_equal "pass", shell_output("#{bin}/secretctl get-conn smtp_default --field password").chomp
  end
end
