//! This room's tables.

diesel::table! {
    partner (id) {
        id -> Uuid,
        org_id -> Uuid,
        path -> Text,
        name -> Text,
        uscc -> Nullable<Text>,
        organisation -> Nullable<Text>,
        contact_name -> Text,
        contact_mobile -> Bytea,
        redirect_origins -> Array<Text>,
        receives -> Array<Text>,
        state -> Text,
        reason -> Nullable<Text>,
        written_by -> Array<Uuid>,
        approved_by -> Nullable<Uuid>,
        version -> Int4,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    partner_key (id) {
        id -> Uuid,
        partner_id -> Uuid,
        public_key -> Bytea,
        added_at -> Timestamptz,
        removed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    partner_assertion (partner_id, jti) {
        partner_id -> Uuid,
        jti -> Text,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    partner_consent (id) {
        id -> Uuid,
        partner_id -> Uuid,
        account_id -> Uuid,
        person_id -> Uuid,
        subject -> Bytea,
        receives -> Array<Text>,
        given_at -> Timestamptz,
        withdrawn_at -> Nullable<Timestamptz>,
        channel -> Text,
    }
}

diesel::table! {
    partner_ticket (hash) {
        hash -> Bytea,
        partner_id -> Uuid,
        consent_id -> Uuid,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(partner, partner_key, partner_consent);
