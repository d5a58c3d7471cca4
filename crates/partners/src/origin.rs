//! The origins a member's app may carry a ticket to: `https://host` or `https://host:port`, nothing after it.

use unionhall_kernel::Invalid;

const MAX: usize = 255;
/// How many a partner may have.
pub const MOST: usize = 10;

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_port(port: &str) -> bool {
    !port.starts_with('0') && port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

/// Reads an origin; capitals of the host are made small.
///
/// # Errors
/// `ORIGIN_FORMAT` for anything that is not `https://`, a host name with a dot, and at most a port.
pub fn parse(raw: &str) -> Result<String, Invalid> {
    let invalid = || Invalid::new("ORIGIN_FORMAT", "须为 https:// 加域名（可带端口），不含路径。");
    let origin = raw.trim().to_ascii_lowercase();
    let place = origin.strip_prefix("https://").filter(|_| origin.len() <= MAX).ok_or_else(invalid)?;
    let (host, port) = place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port)));
    let named = host.contains('.') && host.split('.').all(is_label);
    // An address in place of a name cannot be told from another's tomorrow.
    let is_address = host.split('.').all(|label| label.bytes().all(|b| b.is_ascii_digit()));
    if named && !is_address && port.is_none_or(is_port) { Ok(origin) } else { Err(invalid()) }
}

/// The origins of a partner: one to ten, each once.
///
/// # Errors
/// `COUNT`, and what [`parse`] refuses with the place of the first that it does.
pub fn all(raw: &[String]) -> Result<Vec<String>, (Option<usize>, Invalid)> {
    let mut origins = Vec::new();
    for (n, one) in raw.iter().enumerate() {
        let origin = parse(one).map_err(|invalid| (Some(n), invalid))?;
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    if (1..=MOST).contains(&raw.len()) {
        Ok(origins)
    } else {
        Err((None, Invalid::new("COUNT", "请填写1至10个回跳域名。")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_name_behind_tls_and_nothing_else() {
        assert_eq!(parse(" https://Park.Example.CN:8443 ").unwrap(), "https://park.example.cn:8443");
        assert_eq!(parse("https://a-1.example.cn").unwrap(), "https://a-1.example.cn");
        for bad in [
            "",
            "http://park.example.cn",
            "https://",
            "https://localhost",
            "https://10.0.0.1",
            "https://park.example.cn/",
            "https://park.example.cn/a",
            "https://park.example.cn?x",
            "https://park.example.cn#x",
            "https://user@park.example.cn",
            "https://park.example.cn:0",
            "https://park.example.cn:65536",
            "https://park.example.cn:+80",
            "https://park.example.cn:",
            "https://*.example.cn",
            "https://-a.example.cn",
            "https://a..cn",
            "https://公园.cn",
        ] {
            assert_eq!(parse(bad).unwrap_err().code, "ORIGIN_FORMAT", "{bad}");
        }
        let long = format!("https://{}.cn", ["a"; 130].join("."));
        assert!(parse(&long).is_err());
    }

    #[test]
    fn one_to_ten_and_each_once() {
        let some = |n: usize| (0..n).map(|n| format!("https://p{n}.example.cn")).collect::<Vec<_>>();
        assert_eq!(all(&some(10)).unwrap().len(), 10);
        assert!(all(&some(11)).is_err() && all(&[]).is_err());
        let twice = ["https://a.cn".to_owned(), "https://A.cn".to_owned()];
        assert_eq!(all(&twice).unwrap(), ["https://a.cn"]);
        assert_eq!(all(&["https://a.cn".to_owned(), "x".to_owned()]).unwrap_err().0, Some(1));
    }
}
