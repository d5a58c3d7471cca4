//! Lists on the wire: `?limit=&after=` in, `{items, next}` out.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use unionhall_kernel::{Code, Problem};
use unionhall_storage::Core;
use unionhall_storage::page::Page;
use utoipa::{IntoParams, ToSchema};

use crate::problem::Fault;
use crate::query::Query;

/// Where a list goes on and how much of it is wanted; an extractor beside a list's own [`crate::Query`].
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Listing {
    /// Items a page, 1 to 100; 20 without. 每页条数
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<i64>,
    /// The `next` of the page before. 翻页标记
    #[param(max_length = 1024)]
    pub after: Option<String>,
}

impl FromRequest for Listing {
    type Error = Fault;
    type Future = std::future::Ready<Result<Self, Fault>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        std::future::ready(Query::<Self>::from_request(req, payload).into_inner().map(|q| q.0))
    }
}

impl Listing {
    /// The page size.
    ///
    /// # Errors
    /// `INVALID_PARAMETER` outside 1..=100.
    pub fn limit(&self) -> Result<i64, Problem> {
        match self.limit.unwrap_or(20) {
            n @ 1..=100 => Ok(n),
            _ => Err(Problem::new(Code::InvalidParameter).with("parameter", "limit")),
        }
    }

    /// The key after which the list goes on. `binding` names the list: operation, scope, filters.
    ///
    /// # Errors
    /// `CURSOR_INVALID`, `CURSOR_EXPIRED`.
    pub fn after<K: DeserializeOwned>(&self, core: &Core, binding: &str) -> Result<Option<K>, Problem> {
        self.after.as_deref().map(|c| core.cursors.open(binding, core.now(), c)).transpose()
    }
}

/// A page of a list. 分页结果
#[derive(Debug, Serialize, ToSchema)]
pub struct PageBody<T> {
    /// The items.
    pub items: Vec<T>,
    /// Give this as `after` to go on; null at the end.
    pub next: Option<String>,
}

impl<T> PageBody<T> {
    /// Turns rows into items, and the last row's key into the cursor.
    ///
    /// # Errors
    /// What `item` answers.
    pub fn of<R, K: Serialize>(
        core: &Core,
        binding: &str,
        page: Page<R>,
        key: impl Fn(&R) -> K,
        item: impl Fn(R) -> Result<T, Problem>,
    ) -> Result<Self, Problem> {
        let next = match page.items.last() {
            Some(last) if page.more => Some(core.cursors.seal(binding, core.now(), &key(last))?),
            _ => None,
        };
        let items = page.items.into_iter().map(item).collect::<Result<_, _>>()?;
        Ok(Self { items, next })
    }

    /// A list that fits on one page.
    pub const fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}
