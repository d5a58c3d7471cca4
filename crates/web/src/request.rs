//! What is known about a request before anybody looks at its body.

use std::collections::BTreeMap;
use std::net::IpAddr;

use actix_web::dev::ServiceRequest;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use unionhall_kernel::{Code, Problem};
use uuid::Uuid;

use crate::problem::Fault;

/// A request's id, channel and origin.
#[derive(Debug, Clone)]
pub struct RequestInfo {
    /// Its id, answered as `X-Request-Id`.
    pub id: Uuid,
    /// Where it came from: a known client's name, else `api`.
    pub channel: String,
    /// The caller's address, as far as trusted proxies tell.
    pub ip: IpAddr,
}

impl FromRequest for RequestInfo {
    type Error = Fault;
    type Future = std::future::Ready<Result<Self, Fault>>;

    fn from_request(req: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        let found = req.extensions().get::<Self>().cloned();
        std::future::ready(found.ok_or_else(|| Fault(Problem::new(Code::Internal))))
    }
}

/// Known clients with their minimum versions, and the proxies whose `X-Forwarded-For` counts.
#[derive(Debug, Clone, Default)]
pub struct ClientRules {
    /// Client name to minimum version.
    pub minimum: BTreeMap<String, Version>,
    /// Addresses of proxies in front.
    pub proxies: Vec<IpAddr>,
}

/// `3.2.1`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// Reads `3`, `3.2` or `3.2.1`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.').map(|p| p.parse::<u32>().ok());
        let first = parts.next()??;
        let mut rest = || parts.next().unwrap_or(Some(0));
        Some(Self(first, rest()?, rest()?))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl ClientRules {
    /// The channel of `X-Client: member-app/3.2.1 android`: the name of a known client, `api` for any other.
    ///
    /// # Errors
    /// `CLIENT_TOO_OLD` below the known client's minimum version.
    pub fn channel(&self, header: Option<&str>) -> Result<String, Problem> {
        let known = header.and_then(|h| {
            let (name, rest) = h.split_once('/')?;
            let minimum = self.minimum.get(name)?;
            let version = Version::parse(rest.split_whitespace().next()?)?;
            Some((name, version, *minimum))
        });
        match known {
            Some((_, version, minimum)) if version < minimum => {
                Err(Problem::new(Code::ClientTooOld).with("minimum_version", minimum.to_string()))
            }
            Some((name, ..)) => Ok(name.to_owned()),
            None => Ok("api".to_owned()),
        }
    }

    /// The caller's address. `X-Forwarded-For` is read from the right, past trusted proxies only: whatever
    /// a stranger wrote on the left is not believed.
    pub fn ip(&self, req: &ServiceRequest) -> IpAddr {
        let peer = req.peer_addr().map_or(IpAddr::from([127, 0, 0, 1]), |a| a.ip());
        if !self.proxies.contains(&peer) {
            return peer;
        }
        let forwarded = req.headers().get_all("x-forwarded-for").filter_map(|v| v.to_str().ok());
        let hops: Vec<&str> = forwarded.flat_map(|v| v.split(',')).map(str::trim).collect();
        for hop in hops.iter().rev() {
            match hop.parse::<IpAddr>() {
                Ok(ip) if self.proxies.contains(&ip) => {}
                Ok(ip) => return ip,
                Err(_) => break,
            }
        }
        peer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn rules() -> ClientRules {
        ClientRules {
            minimum: BTreeMap::from([("member-app".to_owned(), Version(3, 0, 0))]),
            proxies: vec!["10.0.0.1".parse().unwrap()],
        }
    }

    #[test]
    fn channels_come_from_known_clients_only() {
        assert_eq!(rules().channel(None).unwrap(), "api");
        assert_eq!(rules().channel(Some("member-app/3.2.1 android")).unwrap(), "member-app");
        assert_eq!(rules().channel(Some("stranger/0.1")).unwrap(), "api");
        assert_eq!(rules().channel(Some("member-app")).unwrap(), "api");
        assert_eq!(rules().channel(Some("member-app/2.9 ios")).unwrap_err().code, Code::ClientTooOld);
    }

    #[test]
    fn a_forwarded_address_counts_from_a_trusted_proxy_only() {
        let from = |peer: &str, forwarded: &str| {
            let req = TestRequest::default()
                .peer_addr(format!("{peer}:9").parse().unwrap())
                .insert_header(("x-forwarded-for", forwarded))
                .to_srv_request();
            rules().ip(&req).to_string()
        };
        assert_eq!(from("203.0.113.9", "198.51.100.1"), "203.0.113.9");
        assert_eq!(from("10.0.0.1", "1.1.1.1, 198.51.100.1"), "198.51.100.1");
        assert_eq!(from("10.0.0.1", "198.51.100.1, 10.0.0.1"), "198.51.100.1");
        assert_eq!(from("10.0.0.1", "not an address"), "10.0.0.1");
    }
}
