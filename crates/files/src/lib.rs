//! Files: what people upload to prove something. Sniffed by content, images re-encoded without what the camera wrote
//! into them, scanned where a scanner is configured, sealed, attached to a case by id, read through links that live
//! five minutes.
//!
//! Owns `file`; the bytes are storage's blobs. Offers rooms above [`attach`] and [`Files::links`]. A file belongs to the
//! account that uploaded it; what nobody attached goes after a day.

mod content;
pub mod data;
pub mod http;
mod link;
mod purpose;
mod scan;
mod schema;
mod store;
mod upload;

use unionhall_kernel::Problem;
use unionhall_storage::Core;
use unionhall_storage::keys::{KeyRing, Purpose as KeyPurpose};

pub use content::{Content, MediaType, prepare};
pub use link::{Link, Links};
pub use purpose::Purpose;
pub use scan::{Clamd, Verdict};
pub use store::{File, attach, describe, forget_expired};

/// This room's services.
pub struct Files {
    /// Database, clock, chance and keys.
    pub core: Core,
    /// Makes and checks links.
    pub links: Links,
    limits: upload::Limits,
    scanner: Option<Clamd>,
}

impl Files {
    /// Loads the link keys.
    ///
    /// # Errors
    /// `INTERNAL` when a key does not open.
    pub async fn start(core: Core, ring: &KeyRing, scanner: Option<Clamd>) -> Result<Self, Problem> {
        let mut conn = core.db.writer().await?;
        let keys = ring.ensure(&mut conn, KeyPurpose::FileLink, core.now()).await?;
        drop(conn);
        Ok(Self { core, links: Links::new(&keys), limits: upload::Limits::default(), scanner })
    }
}
