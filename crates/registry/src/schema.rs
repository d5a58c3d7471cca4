//! This room's tables, and the views of identity it may read.

diesel::table! {
    org (id) {
        id -> Uuid,
        code -> Text,
        parent_id -> Nullable<Uuid>,
        path -> Text,
        name -> Text,
        org_type -> Text,
        division_code -> Text,
        uscc -> Nullable<Text>,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        version -> Int4,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    org_module (id) {
        id -> Uuid,
        org_id -> Uuid,
        module -> Text,
        enabled -> Bool,
        firm -> Bool,
        from_date -> Date,
    }
}

diesel::table! {
    post (id) {
        id -> Uuid,
        person_id -> Uuid,
        org_id -> Uuid,
        path -> Text,
        role -> Text,
        ceiling -> Array<Text>,
        valid_from -> Timestamptz,
        valid_to -> Nullable<Timestamptz>,
        granted_by -> Nullable<Uuid>,
        granted_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        revoked_by -> Nullable<Uuid>,
        version -> Int4,
    }
}

diesel::table! {
    membership (id) {
        id -> Uuid,
        person_id -> Uuid,
        org_id -> Uuid,
        path -> Text,
        state -> Text,
        reason -> Nullable<Text>,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        recorded_at -> Timestamptz,
        superseded_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    member_standing (membership_id) {
        membership_id -> Uuid,
        person_id -> Uuid,
        org_id -> Uuid,
        path -> Text,
        state -> Text,
        reason -> Nullable<Text>,
        valid_from -> Date,
    }
}

diesel::table! {
    member_profile (person_id) {
        person_id -> Uuid,
        roster_mobile -> Nullable<Bytea>,
        roster_mobile_index -> Nullable<Bytea>,
        details -> Jsonb,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    member_application (id) {
        id -> Uuid,
        account_id -> Uuid,
        org_id -> Uuid,
        via -> Text,
        state -> Text,
        name -> Text,
        id_type -> Text,
        number -> Bytea,
        number_index -> Bytea,
        mobile -> Bytea,
        mobile_index -> Bytea,
        employment_form -> Nullable<Text>,
        work_division -> Nullable<Text>,
        submitted_at -> Timestamptz,
        due_on -> Date,
        decided_at -> Nullable<Timestamptz>,
        decided_by -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        person_id -> Nullable<Uuid>,
        version -> Int4,
    }
}

diesel::table! {
    member_mobile_change (id) {
        id -> Uuid,
        person_id -> Uuid,
        mobile -> Bytea,
        mobile_index -> Bytea,
        seen_index -> Nullable<Bytea>,
        state -> Text,
        due_on -> Date,
        created_at -> Timestamptz,
        decided_at -> Nullable<Timestamptz>,
        decided_by -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        version -> Int4,
    }
}

diesel::table! {
    member_correction (id) {
        id -> Uuid,
        person_id -> Uuid,
        account_id -> Uuid,
        facts -> Jsonb,
        file_ids -> Array<Uuid>,
        explanation -> Text,
        state -> Text,
        due_on -> Date,
        created_at -> Timestamptz,
        decided_at -> Nullable<Timestamptz>,
        decided_by -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        version -> Int4,
    }
}

diesel::table! {
    import (id) {
        id -> Uuid,
        kind -> Text,
        mode -> Text,
        dry_run -> Bool,
        org_id -> Uuid,
        path -> Text,
        file_name -> Text,
        file_type -> Text,
        encoding -> Text,
        file_sha256 -> Bytea,
        header -> Nullable<Jsonb>,
        columns_ignored -> Jsonb,
        state -> Text,
        failure -> Nullable<Text>,
        failure_detail -> Nullable<Text>,
        rows_total -> Int4,
        rows_done -> Int4,
        rows_accepted -> Int4,
        rows_rejected -> Int4,
        rows_updated -> Int4,
        rows_reverted -> Int4,
        rows_kept -> Int4,
        rejected_by_reason -> Jsonb,
        flags -> Jsonb,
        created_by -> Uuid,
        created_at -> Timestamptz,
        committed_by -> Nullable<Uuid>,
        committed_at -> Nullable<Timestamptz>,
        version -> Int4,
    }
}

diesel::table! {
    import_row (id) {
        id -> Uuid,
        import_id -> Uuid,
        row_no -> Int4,
        cells -> Bytea,
        document_index -> Nullable<Bytea>,
        outcome -> Text,
        code -> Nullable<Text>,
        flags -> Array<Text>,
        org_id -> Nullable<Uuid>,
        person_id -> Nullable<Uuid>,
        created_id -> Nullable<Uuid>,
        membership_id -> Nullable<Uuid>,
        applied_at -> Nullable<Timestamptz>,
        before -> Nullable<Bytea>,
        kept -> Nullable<Text>,
        reverted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    import_reconciliation (id) {
        id -> Uuid,
        kind -> Text,
        org_id -> Uuid,
        path -> Text,
        state -> Text,
        figures -> Jsonb,
        seen -> Jsonb,
        drawn_by -> Uuid,
        drawn_at -> Timestamptz,
        signed_by -> Nullable<Uuid>,
        ended_at -> Nullable<Timestamptz>,
        remark -> Nullable<Text>,
        version -> Int4,
    }
}

// Views that identity publishes.
diesel::table! {
    person_name (person_id) {
        person_id -> Uuid,
        name -> Text,
    }
}

diesel::table! {
    person_account (person_id) {
        person_id -> Uuid,
        account_id -> Uuid,
        level -> Int2,
        mobile_index -> Nullable<Bytea>,
    }
}

diesel::table! {
    member_leaver (id) {
        id -> Uuid,
        person_id -> Uuid,
        membership_id -> Uuid,
        kind -> Text,
        reason -> Text,
        state -> Text,
        proposed_by -> Uuid,
        proposed_at -> Timestamptz,
        due_on -> Date,
        decided_by -> Nullable<Uuid>,
        decided_at -> Nullable<Timestamptz>,
        decision_reason -> Nullable<Text>,
        version -> Int4,
    }
}

diesel::table! {
    export (id) {
        id -> Uuid,
        number -> Text,
        kind -> Text,
        format -> Text,
        is_full -> Bool,
        states -> Array<Text>,
        org_id -> Uuid,
        path -> Text,
        reason -> Text,
        account_id -> Uuid,
        requested_by -> Uuid,
        post_id -> Nullable<Uuid>,
        desk_id -> Uuid,
        state -> Text,
        failure -> Nullable<Text>,
        rows_done -> Int4,
        decided_by -> Nullable<Uuid>,
        decided_at -> Nullable<Timestamptz>,
        decision_reason -> Nullable<Text>,
        blob_id -> Nullable<Uuid>,
        size -> Nullable<Int8>,
        sha256 -> Nullable<Bytea>,
        expires_at -> Nullable<Timestamptz>,
        downloads -> Int4,
        created_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    org,
    org_module,
    post,
    membership,
    member_standing,
    member_profile,
    member_application,
    member_mobile_change,
    member_correction,
    member_leaver,
    import,
    import_row,
    import_reconciliation,
    person_name,
    person_account,
);
