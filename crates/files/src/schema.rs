//! This room's table.

diesel::table! {
    /// An uploaded file; its bytes are the blob of the same id.
    file (id) {
        id -> Uuid,
        purpose -> Text,
        account_id -> Uuid,
        media_type -> Text,
        size -> Int4,
        sha256 -> Bytea,
        created_at -> Timestamptz,
        attached_to -> Nullable<Text>,
        attached_id -> Nullable<Uuid>,
        expires_at -> Nullable<Timestamptz>,
        place -> Nullable<Int2>,
    }
}
