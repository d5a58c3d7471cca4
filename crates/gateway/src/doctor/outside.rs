//! What the process talks to beside its database.

use redis::aio::ConnectionManagerConfig;
use secrecy::ExposeSecret as _;
use tokio::net::TcpStream;

use super::{Finding, fail, ok, timely, warn};
use crate::config::{Config, Profile};

/// Redis, clamd, the SMS provider, the push gateway, the collector of traces.
pub(super) async fn all(config: &Config) -> Vec<Finding> {
    let mut found = vec![redis(config).await, clamd(config).await, sms(config), push(config).await];
    found.extend(traces(config).await);
    found
}

async fn redis(config: &Config) -> Finding {
    const NAME: &str = "redis";
    let Some(url) = &config.redis_url else {
        return ok(NAME, "not configured: each copy limits rates by itself");
    };
    let asked = timely(async {
        let client = redis::Client::open(url.expose_secret())?;
        let settings = ConnectionManagerConfig::new().set_number_of_retries(0);
        let mut connection = client.get_connection_manager_with_config(settings).await?;
        redis::cmd("PING").query_async::<String>(&mut connection).await
    });
    match asked.await {
        Ok(_) => ok(NAME, "answers"),
        Err(why) => warn(
            NAME,
            format!(
                "does not answer ({why}): each copy limits rates by itself; a copy that starts now asks it again only when it is restarted"
            ),
        ),
    }
}

async fn clamd(config: &Config) -> Finding {
    const NAME: &str = "clamd";
    let Some(address) = &config.clamd else {
        let what = "not configured: uploads are taken unscanned";
        return if config.profile == Profile::Production { warn(NAME, what) } else { ok(NAME, what) };
    };
    match timely(unionhall_files::Clamd::new(address.clone()).ping()).await {
        Ok(()) => ok(NAME, format!("{address} answers")),
        Err(why) => {
            fail(NAME, format!("{address} does not answer ({why}): no upload is taken until it does"))
        }
    }
}

// There is no request to a provider that sends nothing, so none is made.
fn sms(config: &Config) -> Finding {
    const NAME: &str = "sms";
    match (&config.sms_outbox, &config.sms_url) {
        (Some(path), _) => ok(NAME, format!("messages are written to {} and sent to nobody", path.display())),
        (None, None) => fail(NAME, "not configured: nobody can log in with a code; set sms_url"),
        (None, Some(url)) => match reqwest::Url::parse(url) {
            Err(error) => fail(NAME, format!("sms_url is no URL: {error}")),
            Ok(url) => {
                let host = url.host_str().unwrap_or("nowhere").to_owned();
                if config.sms_token.is_none() {
                    warn(
                        NAME,
                        format!("provider at {host}, without sms_token: it is asked without credentials"),
                    )
                } else if url.scheme() != "https" {
                    warn(
                        NAME,
                        format!(
                            "provider at {host} over {}: mobiles and codes travel unencrypted",
                            url.scheme()
                        ),
                    )
                } else {
                    ok(
                        NAME,
                        format!("provider at {host}; it was not asked, since every request sends a message"),
                    )
                }
            }
        },
    }
}

// A connection is all that is made: a request would be a push.
async fn push(config: &Config) -> Finding {
    const NAME: &str = "push";
    let url = match (&config.push_outbox, &config.push_url) {
        (Some(path), _) => {
            return ok(NAME, format!("pushes are written to {} and sent to nobody", path.display()));
        }
        (None, None) => {
            return ok(NAME, "not configured: members find messages in the app, nothing is pushed");
        }
        (None, Some(url)) => url,
    };
    let url = match reqwest::Url::parse(url) {
        Ok(url) => url,
        Err(error) => return fail(NAME, format!("push_url is no URL: {error}")),
    };
    let host = url.host_str().unwrap_or_default().to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    match timely(TcpStream::connect((host.as_str(), port))).await {
        Ok(_) if url.scheme() == "https" => ok(NAME, format!("a gateway listens at {host}:{port}")),
        Ok(_) => warn(NAME, format!("a gateway at {host}:{port} over http: push tokens travel unencrypted")),
        Err(why) => warn(
            NAME,
            format!("no gateway at {host}:{port} ({why}): pushes wait and are given up after two days"),
        ),
    }
}

async fn traces(config: &Config) -> Option<Finding> {
    const NAME: &str = "traces";
    let endpoint = config.otlp_endpoint.as_deref()?;
    let url = match reqwest::Url::parse(endpoint) {
        Ok(url) => url,
        Err(error) => return Some(fail(NAME, format!("otlp_endpoint is no URL: {error}"))),
    };
    let host = url.host_str().unwrap_or_default().to_owned();
    let port = url.port_or_known_default().unwrap_or(4318);
    Some(match timely(TcpStream::connect((host.as_str(), port))).await {
        Ok(_) => ok(NAME, format!("a collector listens at {host}:{port}")),
        Err(why) => {
            warn(NAME, format!("no collector at {host}:{port} ({why}): traces are lost, nothing else"))
        }
    })
}
