//! This room's tables.

diesel::table! {
    notice (id) {
        id -> Uuid,
        org_id -> Uuid,
        path -> Text,
        audience -> Text,
        channels -> Array<Text>,
        title -> Text,
        summary -> Text,
        body -> Text,
        pinned_until -> Nullable<Timestamptz>,
        publish_at -> Nullable<Timestamptz>,
        published_at -> Nullable<Timestamptz>,
        expires_at -> Nullable<Timestamptz>,
        replaces_id -> Nullable<Uuid>,
        state -> Text,
        reason -> Nullable<Text>,
        written_by -> Array<Uuid>,
        submitted_at -> Nullable<Timestamptz>,
        approved_by -> Nullable<Uuid>,
        version -> Int4,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Who read what.
    notice_read (notice_id, account_id) {
        notice_id -> Uuid,
        account_id -> Uuid,
        at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(notice, notice_read);
