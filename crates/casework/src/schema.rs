//! This room's tables.

diesel::table! {
    case_calendar (id) {
        id -> Uuid,
        year -> Int4,
        source -> Text,
        provisional -> Bool,
        days -> Jsonb,
        entered_by -> Nullable<Uuid>,
        entered_at -> Timestamptz,
    }
}

diesel::table! {
    case_clock (id) {
        id -> Uuid,
        kind -> Text,
        case_id -> Uuid,
        name -> Text,
        hours -> Text,
        allowance_ms -> Int8,
        used_ms -> Int8,
        running_since -> Nullable<Timestamptz>,
        due_at -> Nullable<Timestamptz>,
        started_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        met -> Nullable<Bool>,
        breached_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    case_segment (id) {
        id -> Uuid,
        clock_id -> Uuid,
        started_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        why -> Nullable<Text>,
    }
}

diesel::table! {
    case_reminder (clock_id, before_ms) {
        clock_id -> Uuid,
        before_ms -> Int8,
        told_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    case_entry (id) {
        id -> Uuid,
        kind -> Text,
        case_id -> Uuid,
        seq -> Int4,
        at -> Timestamptz,
        public -> Bool,
        what -> Text,
        author -> Text,
        person_id -> Nullable<Uuid>,
        state -> Nullable<Text>,
        text -> Nullable<Bytea>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(case_clock, case_segment, case_reminder);
