//! This room's tables.

diesel::table! {
    recruiter (id) {
        id -> Uuid,
        org_id -> Uuid,
        path -> Text,
        name -> Text,
        uscc -> Text,
        division_code -> Text,
        about -> Text,
        agency_licence_no -> Nullable<Text>,
        agency_licence_until -> Nullable<Date>,
        contact_name -> Text,
        contact_mobile -> Bytea,
        state -> Text,
        verified_until -> Date,
        decide_by -> Nullable<Date>,
        reason -> Nullable<Text>,
        version -> Int4,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    recruiter_application (id) {
        id -> Uuid,
        account_id -> Uuid,
        recruiter_id -> Nullable<Uuid>,
        org_id -> Uuid,
        path -> Text,
        name -> Text,
        uscc -> Text,
        division_code -> Text,
        about -> Text,
        agency_licence_no -> Nullable<Text>,
        agency_licence_until -> Nullable<Date>,
        contact_name -> Text,
        contact_mobile -> Bytea,
        mobile_index -> Bytea,
        licence_file_id -> Uuid,
        authorisation_file_id -> Uuid,
        state -> Text,
        due_on -> Date,
        reason -> Nullable<Text>,
        decided_by -> Nullable<Uuid>,
        version -> Int4,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    recruiter_place (id) {
        id -> Uuid,
        recruiter_id -> Uuid,
        account_id -> Uuid,
        valid_from -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(recruiter, recruiter_place);
