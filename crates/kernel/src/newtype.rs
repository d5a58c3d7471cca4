//! What every checked text type shares: its published schema and, for personal data, a silent `Debug`.

/// Implements `utoipa::PartialSchema` and `utoipa::ToSchema` for a text type with the limits that its parser
/// enforces, so that a request body and the parser cannot disagree.
macro_rules! text_schema {
    ($ty:ty, $name:literal, $min:expr, $max:expr, $pattern:expr, $example:expr, $description:expr) => {
        impl utoipa::PartialSchema for $ty {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .min_length(Some($min))
                    .max_length(Some($max))
                    .pattern(Some($pattern))
                    .examples([$example])
                    .description(Some($description))
                    .into()
            }
        }

        impl utoipa::ToSchema for $ty {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed($name)
            }
        }
    };
}

/// A `Debug` that shows the type and never the value.
macro_rules! silent_debug {
    ($ty:ident) => {
        impl std::fmt::Debug for $ty {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($ty), "(…)"))
            }
        }
    };
}

pub(crate) use {silent_debug, text_schema};
