//! The configuration and the machine it is on.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::{Finding, fail, ok, warn};
use crate::config::{Config, KEYS, Profile};

const GIB: u64 = 1 << 30;

/// The configuration as it was read, and the file with the key-encryption key.
pub(super) fn configuration(config: &Config) -> Vec<Finding> {
    const NAME: &str = "configuration";
    let mut found: Vec<Finding> =
        config.faults().iter().map(|fault| fail(NAME, format!("{fault:#}"))).collect();
    if found.is_empty() {
        let profile = config.profile.as_str();
        found.push(ok(NAME, format!("{} keys are understood; profile {profile}", KEYS.len())));
    }
    let production = config.profile == Profile::Production;
    if production && config.issuer.ends_with(".example") {
        found.push(warn(
            "issuer",
            format!("it is still {}: set issuer to the platform's own address", config.issuer),
        ));
    }
    if production && config.trusted_proxies.is_empty() {
        let what = "none: behind a load balancer every client has its address, and shares one rate limit; set trusted_proxies";
        found.push(warn("proxies", what));
    }
    found.push(key_file(config));
    found
}

fn key_file(config: &Config) -> Finding {
    const NAME: &str = "kek_file";
    let Some(path) = &config.kek_file else {
        return match config.kek {
            Some(_) => warn(
                NAME,
                "the key is in the environment, where other programs may read it: a file is better",
            ),
            None => fail(NAME, "not set: `unionhall keys init --file PATH` makes one"),
        };
    };
    let shown = path.display();
    match std::fs::metadata(path) {
        Err(error) => fail(NAME, format!("{shown}: {error}")),
        Ok(about) => match about.permissions().mode() & 0o777 {
            mode if mode & 0o077 == 0 => ok(NAME, format!("{shown}, mode {mode:03o}")),
            mode => warn(NAME, format!("{shown} has mode {mode:03o}, so others may read it: chmod 600")),
        },
    }
}

/// Free space where the process writes, and where it is run.
pub(super) fn disks(config: Option<&Config>) -> Vec<Finding> {
    let mut places = vec![("working folder", PathBuf::from(".")), ("temporary folder", std::env::temp_dir())];
    if let Some(outbox) = config.and_then(|c| c.sms_outbox.as_deref()) {
        let folder = outbox.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        places.push(("sms_outbox", folder.to_owned()));
    }
    places.into_iter().map(|(what, path)| free(what, &path)).collect()
}

fn free(what: &str, path: &Path) -> Finding {
    const NAME: &str = "disk";
    let shown = path.display();
    match rustix::fs::statvfs(path) {
        Err(error) => fail(NAME, format!("{what} {shown}: {error}")),
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let told = format!("{what} {shown}: {:.1} GiB free", free as f64 / GIB as f64);
            let read_only = disk.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY);
            // Uploads and tasks are kept in the database, so what fills up here is logs and the like.
            if free < GIB && !read_only { warn(NAME, format!("{told}: make room")) } else { ok(NAME, told) }
        }
    }
}
