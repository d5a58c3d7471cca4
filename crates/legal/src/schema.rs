//! This room's tables, its wall, and the view of registry it reads.

diesel::table! {
    legal_firm (id) {
        id -> Uuid,
        org_id -> Uuid,
        path -> Text,
        name -> Text,
        name_keys -> Array<Text>,
        keys_version -> Int4,
        uscc -> Nullable<Text>,
        licence_no -> Text,
        licence_until -> Date,
        version -> Int4,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    legal_lawyer (id) {
        id -> Uuid,
        account_id -> Uuid,
        person_id -> Uuid,
        firm_id -> Uuid,
        org_id -> Uuid,
        path -> Text,
        name -> Text,
        name_keys -> Array<Text>,
        keys_version -> Int4,
        practice_no -> Text,
        licence_until -> Date,
        fields -> Array<Text>,
        division -> Text,
        intro -> Text,
        state -> Text,
        seen_at -> Nullable<Timestamptz>,
        version -> Int4,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    legal_affiliation (id) {
        id -> Uuid,
        lawyer_id -> Uuid,
        firm_id -> Uuid,
        from_date -> Date,
        to_date -> Nullable<Date>,
    }
}

diesel::table! {
    legal_engagement (id) {
        id -> Uuid,
        firm_id -> Uuid,
        lawyer_id -> Nullable<Uuid>,
        kind -> Text,
        name -> Text,
        name_keys -> Array<Text>,
        keys_version -> Int4,
        uscc -> Nullable<Text>,
        role -> Text,
        from_date -> Date,
        to_date -> Nullable<Date>,
        version -> Int4,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    legal_group (uscc) {
        uscc -> Text,
        group_uscc -> Text,
    }
}

diesel::table! {
    legal_shift (id) {
        id -> Uuid,
        org_id -> Uuid,
        path -> Text,
        lawyer_id -> Uuid,
        backup_id -> Nullable<Uuid>,
        rotation_id -> Nullable<Uuid>,
        starts_at -> Timestamptz,
        ends_at -> Timestamptz,
        state -> Text,
        version -> Int4,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    legal_offer (id) {
        id -> Uuid,
        shift_id -> Uuid,
        from_id -> Uuid,
        to_id -> Nullable<Uuid>,
        state -> Text,
        taken_by -> Nullable<Uuid>,
        expires_at -> Timestamptz,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    legal_rotation (id) {
        id -> Uuid,
        org_id -> Uuid,
        path -> Text,
        name -> Text,
        lawyers -> Array<Uuid>,
        starts -> Array<Int4>,
        hours -> Array<Int4>,
        backup_offset -> Nullable<Int4>,
        first_day -> Date,
        version -> Int4,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    legal_leave (id) {
        id -> Uuid,
        lawyer_id -> Uuid,
        from_date -> Date,
        to_date -> Date,
        withdrawn_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    legal_notice (id) {
        id -> Uuid,
        lawyer_id -> Uuid,
        kind -> Text,
        text -> Text,
        shift_id -> Nullable<Uuid>,
        case_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        read_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    legal_consultation (id) {
        id -> Uuid,
        number -> Text,
        person_id -> Uuid,
        account_id -> Uuid,
        category -> Text,
        sensitive -> Bool,
        title -> Bytea,
        state -> Text,
        lawyer_id -> Nullable<Uuid>,
        chosen_id -> Nullable<Uuid>,
        escalated -> Int4,
        asked_at -> Timestamptz,
        first_response_at -> Nullable<Timestamptz>,
        closed_at -> Nullable<Timestamptz>,
        rating -> Nullable<Int4>,
        rated_at -> Nullable<Timestamptz>,
        reopened -> Int4,
        previous_id -> Nullable<Uuid>,
        version -> Int4,
    }
}

diesel::table! {
    legal_party (id) {
        id -> Uuid,
        case_id -> Uuid,
        role -> Text,
        kind -> Text,
        name -> Text,
        name_keys -> Array<Text>,
        keys_version -> Int4,
        uscc -> Nullable<Text>,
    }
}

diesel::table! {
    legal_tried (case_id, lawyer_id) {
        case_id -> Uuid,
        lawyer_id -> Uuid,
        why -> Text,
        at -> Timestamptz,
    }
}

diesel::table! {
    legal_conflict (case_id, lawyer_id) {
        case_id -> Uuid,
        lawyer_id -> Uuid,
    }
}

diesel::table! {
    legal_aid (id) {
        id -> Uuid,
        number -> Text,
        person_id -> Uuid,
        consultation_id -> Nullable<Uuid>,
        org_id -> Uuid,
        path -> Text,
        origin_path -> Text,
        category -> Text,
        sensitive -> Bool,
        ground -> Text,
        form -> Text,
        title -> Bytea,
        claim -> Bytea,
        claimed_fen -> Nullable<Int8>,
        limitation_on -> Nullable<Date>,
        hearing_on -> Nullable<Date>,
        state -> Text,
        papers_asked -> Bool,
        provisional -> Bool,
        reviewer_id -> Nullable<Uuid>,
        decider_id -> Nullable<Uuid>,
        decided_at -> Nullable<Timestamptz>,
        lawyer_id -> Nullable<Uuid>,
        entrusted_to -> Nullable<Uuid>,
        entrusted_path -> Nullable<Text>,
        outcome -> Nullable<Text>,
        recovered_fen -> Nullable<Int8>,
        rating -> Nullable<Int4>,
        applied_at -> Timestamptz,
        closed_at -> Nullable<Timestamptz>,
        version -> Int4,
        decided_path -> Nullable<Text>,
    }
}

diesel::table! {
    legal_wall (id) {
        id -> Int4,
    }
}

diesel::table! {
    legal_attachment (file_id) {
        file_id -> Uuid,
        case_id -> Uuid,
        seq -> Int4,
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

diesel::allow_tables_to_appear_in_same_query!(
    legal_firm,
    legal_lawyer,
    legal_affiliation,
    legal_engagement,
    legal_shift,
    legal_offer,
    legal_leave,
    legal_rotation,
    legal_notice,
    legal_consultation,
    legal_party,
    legal_tried,
    legal_conflict,
    legal_aid,
    legal_attachment,
    member_standing,
);
