//! This room's tables, and the views it reads.

diesel::table! {
    card (id) {
        id -> Uuid,
        person_id -> Uuid,
        n -> Int4,
        number -> Text,
        kind -> Text,
        status -> Text,
        valid_from -> Date,
        valid_to -> Date,
        last_step -> Int8,
        lost_at -> Nullable<Timestamptz>,
        replaces -> Nullable<Uuid>,
        issued_at -> Timestamptz,
        version -> Int4,
        bank_code -> Nullable<Text>,
        last4 -> Nullable<Text>,
        bank_reference -> Nullable<Text>,
    }
}

diesel::table! {
    card_till_code (person_id) {
        person_id -> Uuid,
        n -> Int4,
        step -> Int8,
        code_index -> Bytea,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    card_policy (id) {
        id -> Int2,
        retained -> Text,
    }
}

// Published by registry and identity.
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
    person_account (person_id) {
        person_id -> Uuid,
        account_id -> Uuid,
        level -> Int2,
        mobile_index -> Nullable<Bytea>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(card, card_policy, member_standing, person_account);
