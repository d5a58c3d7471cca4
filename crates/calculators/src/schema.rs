//! This room's table.

diesel::table! {
    /// Versions of the parameters of the law.
    law_parameter (id) {
        id -> Uuid,
        path -> Text,
        key -> Text,
        region -> Text,
        number -> Int4,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        value -> Jsonb,
        source -> Text,
        state -> Text,
        reason -> Nullable<Text>,
        recorded_at -> Timestamptz,
        recorded_by -> Nullable<Uuid>,
        decided_at -> Nullable<Timestamptz>,
        decided_by -> Nullable<Uuid>,
        superseded_at -> Nullable<Timestamptz>,
        version -> Int4,
    }
}
