//! Chooses the proxy of a request by the rules of Python's requests and urllib, with their exceptions.
//!
//! Sources: requests 2.34.2, `utils.py` (`select_proxy`, `should_bypass_proxies`, `get_environ_proxies`) and `sessions.py`
//! (`merge_environment_settings`); `CPython` 3.11, `urllib/request.py` (`getproxies_environment`, `proxy_bypass_environment`).

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;

use super::failure::Failure;
use super::target::{Origin, Target};
use crate::env::Env;

/// The proxies: those of a kwarg take precedence over those of the environment.
#[derive(Clone, Default)]
pub struct Proxies {
    /// The `proxies` kwarg by scheme, `scheme://host`, `all` or `no_proxy`; `None` switches the environment's proxy off.
    explicit: BTreeMap<String, Option<String>>,
    /// What sets `explicit`, for messages; `None` for the kwarg.
    explicit_named_by: Option<String>,
    /// `http_proxy` as `http`, `all_proxy` as `all`, `no_proxy` as `no`, …: the variable's name and its value.
    environment: BTreeMap<String, (String, String)>,
    /// `no_proxy`, else `NO_PROXY`, not empty.
    no_proxy: Option<String>,
    /// Whether only urllib's rules count, and not those that requests adds.
    is_urllib: bool,
}

impl Proxies {
    /// Reads the environment's proxies: any `<scheme>_proxy`, in lower case before any other case.
    ///
    /// `HTTP_PROXY` is ignored in a CGI program, where it comes from a header that a client sent.
    #[must_use]
    pub fn from_env(env: &Env) -> Self {
        let mut environment = BTreeMap::new();
        for (variable_name, variable) in env.iter() {
            let name = variable_name.to_ascii_lowercase();
            let value = variable.value.expose_text().filter(|text| !text.is_empty());
            if let (Some(scheme), Some(value)) = (name.strip_suffix("_proxy"), value) {
                environment.insert(scheme.to_owned(), (variable_name.to_owned(), value.to_owned()));
            }
        }
        if env.get("REQUEST_METHOD").is_some() {
            environment.remove("http");
        }
        for (name, variable) in env.iter() {
            let Some(scheme) = name.strip_suffix("_proxy") else {
                continue;
            };
            match variable.value.expose_text() {
                Some(text) if !text.is_empty() => {
                    environment.insert(scheme.to_ascii_lowercase(), (name.to_owned(), text.to_owned()))
                }
                _ => environment.remove(&scheme.to_ascii_lowercase()),
            };
        }
        let no_proxy = env
            .non_empty("no_proxy")
            .or_else(|| env.non_empty("NO_PROXY"))
            .map(str::to_owned);
        Self {
            explicit: BTreeMap::new(),
            explicit_named_by: None,
            environment,
            no_proxy,
            is_urllib: false,
        }
    }

    /// Keeps urllib's rules and drops those that requests adds: no `ALL_PROXY`, and no networks in `NO_PROXY`.
    ///
    /// Source: botocore 1.44.8, `utils.py` (`get_environ_proxies`, `should_bypass_proxies`), `httpsession.py`
    /// (`ProxyConfiguration`).
    #[must_use]
    pub fn by_urllib(mut self) -> Self {
        self.environment.remove("all");
        self.is_urllib = true;
        self
    }

    /// Adds the proxies of a `proxies` kwarg.
    #[must_use]
    pub fn with_explicit(mut self, explicit: impl IntoIterator<Item = (String, Option<String>)>) -> Self {
        self.explicit.extend(explicit);
        self
    }

    /// Reads one proxy for every scheme: the first variable of `names` that is set. `NO_PROXY` counts as usual.
    #[must_use]
    pub fn first_of(env: &Env, names: &[&str]) -> Self {
        let mut proxies = Self::from_env(env);
        proxies.environment.retain(|scheme, _| scheme == "no");
        let first = names.iter().find_map(|name| Some((*name, env.non_empty(name)?)));
        if let Some((name, url)) = first {
            let pair = (name.to_owned(), url.to_owned());
            proxies.environment.insert("all".to_owned(), pair);
        }
        proxies
    }

    /// Returns the one proxy `url`, whatever the environment says. Messages call its setting `named_by`.
    #[must_use]
    pub fn only(url: String, named_by: String) -> Self {
        let proxies = Self::default().with_explicit([("all".to_owned(), Some(url))]);
        Self {
            explicit_named_by: Some(named_by),
            ..proxies
        }
    }

    /// Returns the proxy for requests to `origin`.
    pub(super) fn select(&self, origin: &Origin) -> Result<Option<Target>, Failure> {
        if self.explicit.is_empty() && self.environment.is_empty() {
            return Ok(None);
        }
        let bypassed = self.bypasses(origin);
        let scheme = origin.scheme.as_str();
        let host = &origin.host;
        let keys = [
            format!("{scheme}://{host}"),
            scheme.to_owned(),
            format!("all://{host}"),
            "all".to_owned(),
        ];
        let chosen = keys.iter().find_map(|key| match self.explicit.get(key) {
            Some(Some(proxy)) => {
                let kwarg = || "the backend kwarg `proxies`".to_owned();
                Some((self.explicit_named_by.clone().unwrap_or_else(kwarg), proxy))
            }
            Some(None) => None,
            None if bypassed => None,
            None => self
                .environment
                .get(key)
                .map(|(name, proxy)| (format!("`{name}`"), proxy)),
        });
        match chosen.map(|(named_by, proxy)| (named_by, proxy.trim())) {
            None | Some((_, "")) => Ok(None),
            Some((named_by, proxy)) => parse(proxy, &named_by).map(Some),
        }
    }

    /// Returns whether `origin` bypasses the environment's proxies: `requests.utils.should_bypass_proxies`.
    fn bypasses(&self, origin: &Origin) -> bool {
        if self.is_urllib {
            let place = origin.url_place();
            return self
                .environment
                .get("no")
                .is_some_and(|(_, list)| urllib_bypasses(&place, list));
        }
        let explicit = self.explicit.get("no_proxy").cloned().flatten();
        let host = &origin.host;
        if let Some(list) = explicit.as_ref().or(self.no_proxy.as_ref()) {
            let list = list.replace(' ', "");
            let entries = list.split(',').filter(|entry| !entry.is_empty());
            if let Ok(address) = host.parse::<Ipv4Addr>() {
                if entries
                    .into_iter()
                    .any(|entry| in_network(address, entry).unwrap_or(entry == host))
                {
                    return true;
                }
            } else {
                let with_port = if origin.port_given {
                    format!("{host}:{}", origin.port)
                } else {
                    host.clone()
                };
                if entries.map(|entry| entry.trim_start_matches('.')).any(|entry| {
                    let suffix = format!(".{entry}");
                    [host, &with_port]
                        .iter()
                        .any(|name| *name == entry || name.ends_with(&suffix))
                }) {
                    return true;
                }
            }
        }
        match explicit.or_else(|| self.environment.get("no").map(|(_, list)| list.clone())) {
            Some(list) => urllib_bypasses(host, &list),
            None => false,
        }
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.explicit.keys())
            .entries(self.environment.keys())
            .finish()
    }
}

/// Returns whether the network `entry`, in CIDR notation, holds `address`; `None` when it is not a network.
fn in_network(address: Ipv4Addr, entry: &str) -> Option<bool> {
    let (network, bits) = entry.split_once('/')?;
    let network: Ipv4Addr = network.parse().ok()?;
    let bits: u32 = bits.parse().ok().filter(|bits| (1..=32).contains(bits))?;
    let mask = u32::MAX << (32 - bits);
    Some(u32::from(address) & mask == u32::from(network) & mask)
}

/// Applies `urllib.request.proxy_bypass_environment`.
fn urllib_bypasses(host: &str, list: &str) -> bool {
    if list == "*" {
        return true;
    }
    let only = match host.rsplit_once(':') {
        Some((only, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => only,
        _ => host,
    };
    list.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .any(|name| {
            let name = name.trim_start_matches('.').to_lowercase();
            let suffix = format!(".{name}");
            only == name || host == name || only.ends_with(&suffix) || host.ends_with(&suffix)
        })
}

/// Parses a proxy's URL; without a scheme it is `http`.
///
/// The URL may hold a password, so an error shows `named_by`, the kwarg or the variable that holds it.
fn parse(proxy: &str, named_by: &str) -> Result<Target, Failure> {
    let with_scheme = if proxy.contains("://") {
        proxy.to_owned()
    } else {
        format!("http://{proxy}")
    };
    if with_scheme
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("socks"))
    {
        return Err(Failure::configuration(format!(
            "the proxy in {named_by} is a SOCKS proxy, which is not supported"
        )));
    }
    Target::parse(&with_scheme).map_err(|cause| {
        Failure::configuration(format!("the proxy in {named_by} cannot be used")).with_source(cause)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn env(variables: &[(&str, &str)]) -> Env {
        variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Secret::from(*value)))
            .collect()
    }

    fn chosen(variables: &[(&str, &str)], url: &str) -> Option<String> {
        let origin = Target::parse(url).expect("a URL").origin;
        let proxy = Proxies::from_env(&env(variables))
            .select(&origin)
            .expect("a proxy");
        proxy.map(|proxy| proxy.origin.authority())
    }

    #[test]
    fn lower_case_wins_and_an_empty_lower_case_switches_off() {
        let both = [("http_proxy", "low:1"), ("HTTP_PROXY", "up:2")];
        assert_eq!(chosen(&both, "http://h/").as_deref(), Some("low:1"));
        assert_eq!(
            chosen(&[("http_proxy", ""), ("HTTP_PROXY", "up:2")], "http://h/"),
            None
        );
        assert_eq!(
            chosen(&[("HTTP_PROXY", "up:2"), ("REQUEST_METHOD", "GET")], "http://h/"),
            None
        );
        assert_eq!(
            chosen(&[("ALL_PROXY", "all:3")], "https://h/").as_deref(),
            Some("all:3")
        );
    }

    #[test]
    fn no_proxy_matches_as_python_does() {
        let cases = [
            ("h.example", "http://h.example:8200/", true),
            (".example", "http://h.example/", true),
            ("example", "http://h.example/", true),
            ("xample", "http://h.example/", false),
            ("h.example:8200", "http://h.example:8200/", true),
            ("h.example:8201", "http://h.example:8200/", false),
            ("10.0.0.0/8", "http://10.1.2.3/", true),
            ("10.0.0.0/8", "http://11.1.2.3/", false),
            ("10.0.0.0/0", "http://11.1.2.3/", false),
            ("127.0.0.1", "http://127.0.0.1:8200/", true),
            ("127.0.0.1:8200", "http://127.0.0.1:8200/", false),
            ("*", "http://h/", true),
            ("*.example", "http://h.example/", false),
            (" H.EXAMPLE , x", "http://h.example/", true),
            ("::1", "http://[::1]:8200/", true),
        ];
        for (list, url, bypassed) in cases {
            let found = chosen(&[("HTTP_PROXY", "p:1"), ("NO_PROXY", list)], url);
            assert_eq!(found.is_none(), bypassed, "{list} {url}");
        }
    }

    #[test]
    fn urllib_knows_neither_all_proxy_nor_networks() {
        let cases = [
            ("127.0.0.1:8200", "http://127.0.0.1:8200/", true),
            ("127.0.0.1", "http://127.0.0.1:8200/", true),
            ("127.0.0.0/8", "http://127.0.0.1:8200/", false),
            ("example", "http://h.example/", true),
            ("[::1]", "http://[::1]:8200/", true),
            ("::1", "http://[::1]:8200/", false),
            ("*", "http://h/", true),
        ];
        let chosen = |variables: &[(&str, &str)], url: &str| {
            let origin = Target::parse(url).expect("a URL").origin;
            let proxies = Proxies::from_env(&env(variables)).by_urllib();
            proxies.select(&origin).expect("a proxy")
        };
        for (list, url, bypassed) in cases {
            let found = chosen(&[("HTTP_PROXY", "p:1"), ("NO_PROXY", list)], url);
            assert_eq!(found.is_none(), bypassed, "{list} {url}");
        }
        assert!(chosen(&[("ALL_PROXY", "all:3")], "https://h/").is_none());
    }

    #[test]
    fn a_kwarg_names_proxies_by_scheme_and_host_and_ignores_no_proxy() {
        let proxies =
            Proxies::from_env(&env(&[("NO_PROXY", "*"), ("HTTPS_PROXY", "env:1")])).with_explicit([
                ("http://special".to_owned(), Some("one:1".to_owned())),
                ("http".to_owned(), Some("two:2".to_owned())),
                ("https".to_owned(), None),
            ]);
        let select = |url| {
            let origin = Target::parse(url).expect("a URL").origin;
            proxies
                .select(&origin)
                .expect("a proxy")
                .map(|proxy| proxy.origin.authority())
        };
        assert_eq!(select("http://special/").as_deref(), Some("one:1"));
        assert_eq!(select("http://other/").as_deref(), Some("two:2"));
        assert_eq!(select("https://other/"), None);
    }

    #[test]
    fn a_socks_proxy_is_refused() {
        let origin = Target::parse("http://h/").expect("a URL").origin;
        let proxies = Proxies::from_env(&env(&[("ALL_PROXY", "socks5://p:1")]));
        let failure = proxies.select(&origin).expect_err("a refusal");
        assert!(failure.to_string().contains("`ALL_PROXY`"), "{failure}");
        let origin = Target::parse("https://h/").expect("a URL").origin;
        let proxies = Proxies::from_env(&env(&[("https_proxy", "http://u:hunter2@h:port")]));
        let failure = proxies.select(&origin).expect_err("a refusal");
        assert_eq!(failure.to_string(), "the proxy in `https_proxy` cannot be used");
        let proxies = Proxies::default().with_explicit([("https".to_owned(), Some("http://:1".to_owned()))]);
        let failure = proxies.select(&origin).expect_err("a refusal");
        assert_eq!(
            failure.to_string(),
            "the proxy in the backend kwarg `proxies` cannot be used"
        );
    }
}
