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
        kind -> Text,
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

diesel::table! {
    job_posting (id) {
        id -> Uuid,
        recruiter_id -> Uuid,
        org_id -> Uuid,
        path -> Text,
        title -> Text,
        employment_type -> Text,
        headcount -> Int4,
        filled -> Int4,
        content -> Text,
        conditions -> Text,
        division_code -> Text,
        address -> Text,
        pay_min_fen -> Nullable<Int8>,
        pay_max_fen -> Nullable<Int8>,
        pay_period -> Text,
        pay_months -> Int2,
        negotiable -> Bool,
        month_min_fen -> Nullable<Int8>,
        month_max_fen -> Nullable<Int8>,
        valid_days -> Int4,
        source_url -> Nullable<Text>,
        note -> Nullable<Text>,
        hits -> Jsonb,
        content_key -> Bytea,
        state -> Text,
        valid_through -> Nullable<Date>,
        due_on -> Nullable<Date>,
        published_at -> Nullable<Timestamptz>,
        reason -> Nullable<Text>,
        decided_by -> Nullable<Uuid>,
        version -> Int4,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    job_report (id) {
        id -> Uuid,
        posting_id -> Uuid,
        person_id -> Uuid,
        kind -> Text,
        statement -> Text,
        handled_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    job_lexicon (version, phrase) {
        version -> Int4,
        from_date -> Date,
        phrase -> Text,
        severity -> Text,
        unless_after -> Array<Text>,
    }
}

diesel::table! {
    job_minimum_wage (class, from_date) {
        class -> Int2,
        from_date -> Date,
        month_fen -> Int8,
        hour_fen -> Int8,
    }
}

diesel::table! {
    job_wage_class (division_code) {
        division_code -> Text,
        class -> Int2,
    }
}

diesel::table! {
    job_listing (posting_id) {
        posting_id -> Uuid,
        recruiter_id -> Uuid,
        no -> Int8,
        pay_top_fen -> Nullable<Int8>,
        visible_until -> Date,
        words -> Array<Int4>,
    }
}

diesel::table! {
    job_listing_no (id) {
        id -> Int2,
        last -> Int8,
    }
}

diesel::table! {
    job_resume (person_id) {
        person_id -> Uuid,
        body -> Bytea,
        blocked -> Array<Text>,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    job_application (id) {
        id -> Uuid,
        posting_id -> Uuid,
        recruiter_id -> Uuid,
        person_id -> Uuid,
        path -> Text,
        content_key -> Bytea,
        snapshot -> Bytea,
        state -> Text,
        reason_code -> Nullable<Text>,
        version -> Int4,
        created_at -> Timestamptz,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    recruiter_reminder (kind, subject_id, ends_on) {
        kind -> Text,
        subject_id -> Uuid,
        ends_on -> Date,
        at -> Timestamptz,
    }
}

diesel::table! {
    job_posting_source (posting_id) {
        posting_id -> Uuid,
        name -> Text,
        number -> Text,
        contact -> Text,
    }
}

diesel::table! {
    job_first_listing (posting_id) {
        posting_id -> Uuid,
        no -> Int8,
    }
}

diesel::table! {
    job_alert (id) {
        id -> Uuid,
        person_id -> Uuid,
        place -> Int2,
        name -> Text,
        words -> Nullable<Text>,
        division_code -> Nullable<Text>,
        salary_min_fen -> Nullable<Int8>,
        undisclosed -> Bool,
        employment_type -> Nullable<Text>,
        seen_no -> Int8,
        run_on -> Date,
        ends_on -> Date,
        created_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(job_application, job_posting, recruiter, job_first_listing);
diesel::allow_tables_to_appear_in_same_query!(job_report, job_posting);
diesel::allow_tables_to_appear_in_same_query!(job_posting_source, job_posting);
