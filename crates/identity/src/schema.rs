//! This room's tables.

diesel::table! {
    person (id) {
        id -> Uuid,
        name -> Text,
        sex -> Nullable<Int2>,
        birth_date -> Nullable<Bytea>,
        created_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    person_document (id) {
        id -> Uuid,
        person_id -> Uuid,
        id_type -> Text,
        number -> Bytea,
        number_index -> Bytea,
        flags -> Array<Text>,
        current -> Bool,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    account (id) {
        id -> Uuid,
        realm -> Text,
        person_id -> Nullable<Uuid>,
        username -> Nullable<Text>,
        username_index -> Nullable<Bytea>,
        mobile -> Nullable<Bytea>,
        mobile_index -> Nullable<Bytea>,
        level -> Int2,
        epoch -> Int4,
        revision -> Int4,
        state -> Text,
        password_hash -> Nullable<Text>,
        totp_secret -> Nullable<Bytea>,
        totp_last_step -> Int8,
        created_at -> Timestamptz,
        changed_at -> Timestamptz,
        ui_mode -> Text,
    }
}

diesel::table! {
    account_device (account_id, device_id) {
        account_id -> Uuid,
        device_id -> Text,
        platform -> Text,
        bound_at -> Timestamptz,
        last_seen_at -> Timestamptz,
        trusted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    account_delegate (id) {
        id -> Uuid,
        account_id -> Uuid,
        person_id -> Uuid,
        mobile -> Bytea,
        mobile_index -> Bytea,
        delegate_id -> Nullable<Uuid>,
        relation -> Text,
        scopes -> Array<Text>,
        state -> Text,
        expires_on -> Date,
        created_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    session_assist (session_id) {
        session_id -> Uuid,
        by_person -> Uuid,
        by_account -> Uuid,
        by_post -> Nullable<Uuid>,
        by_org -> Nullable<Uuid>,
        by_path -> Nullable<Text>,
        channel -> Text,
        person_id -> Uuid,
        path -> Nullable<Text>,
        form_file_id -> Nullable<Uuid>,
        reason -> Text,
        delegate_id -> Nullable<Uuid>,
        scopes -> Array<Text>,
        below_county -> Bool,
    }
}

diesel::table! {
    account_pairing (account_id) {
        account_id -> Uuid,
        code_index -> Bytea,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    account_failure (key) {
        key -> Bytea,
        failures -> Int4,
        last_at -> Timestamptz,
    }
}

diesel::table! {
    account_day_count (kind, key, day) {
        kind -> Text,
        key -> Bytea,
        day -> Date,
        n -> Int4,
    }
}

diesel::table! {
    account_closing (account_id) {
        account_id -> Uuid,
        asked_at -> Timestamptz,
        closes_on -> Date,
    }
}

diesel::table! {
    account_wechat (account_id) {
        account_id -> Uuid,
        openid_index -> Bytea,
        bound_at -> Timestamptz,
    }
}

diesel::table! {
    session (id) {
        id -> Uuid,
        account_id -> Uuid,
        role_id -> Nullable<Uuid>,
        device_id -> Nullable<Text>,
        platform -> Nullable<Text>,
        seq -> Int4,
        rotated_at -> Timestamptz,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        ended_reason -> Nullable<Text>,
        pinned -> Bool,
    }
}

diesel::table! {
    otp (mobile_index, realm, purpose) {
        mobile_index -> Bytea,
        realm -> Text,
        purpose -> Text,
        code_hash -> Bytea,
        sent_at -> Timestamptz,
        expires_at -> Timestamptz,
        tries -> Int4,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    consent (id) {
        id -> Uuid,
        account_id -> Uuid,
        document -> Text,
        version -> Text,
        given_at -> Timestamptz,
        withdrawn_at -> Nullable<Timestamptz>,
        channel -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(session, session_assist, person, person_document);
