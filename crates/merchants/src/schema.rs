//! This room's tables, and the views of identity, registry and cards it may read.

diesel::table! {
    merchant (id) {
        id -> Uuid,
        org_id -> Uuid,
        path -> Text,
        name -> Text,
        uscc -> Text,
        category -> Text,
        division_code -> Text,
        state -> Text,
        contract_from -> Date,
        contract_to -> Date,
        contact_name -> Text,
        contact_mobile -> Bytea,
        version -> Int4,
        created_at -> Timestamptz,
        licence_file_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    merchant_branch (id) {
        id -> Uuid,
        merchant_id -> Uuid,
        code -> Text,
        name -> Text,
        address -> Text,
        division_code -> Text,
        lat -> Nullable<Float8>,
        lng -> Nullable<Float8>,
        datum -> Nullable<Text>,
        state -> Text,
        version -> Int4,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    merchant_suspension (id) {
        id -> Uuid,
        merchant_id -> Uuid,
        path -> Text,
        state -> Text,
        reason -> Text,
        suspended_by -> Nullable<Uuid>,
        suspended_at -> Timestamptz,
        appeal_until -> Date,
        statement -> Nullable<Text>,
        appealed_by -> Nullable<Uuid>,
        appealed_at -> Nullable<Timestamptz>,
        due_on -> Nullable<Date>,
        decided_by -> Nullable<Uuid>,
        decided_at -> Nullable<Timestamptz>,
        decision_reason -> Nullable<Text>,
    }
}

diesel::table! {
    merchant_staff (id) {
        id -> Uuid,
        merchant_id -> Uuid,
        branch_id -> Nullable<Uuid>,
        account_id -> Uuid,
        name -> Text,
        mobile_masked -> Text,
        role -> Text,
        valid_from -> Timestamptz,
        valid_to -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        accepted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    campaign (id) {
        id -> Uuid,
        org_id -> Uuid,
        path -> Text,
        title -> Text,
        kind -> Text,
        state -> Text,
        benefit_kind -> Text,
        benefit_fen -> Nullable<Int8>,
        benefit_bp -> Nullable<Int4>,
        cap_fen -> Nullable<Int8>,
        min_spend_fen -> Int8,
        member_limit -> Int4,
        period -> Text,
        starts_at -> Timestamptz,
        ends_at -> Timestamptz,
        claim_from -> Nullable<Timestamptz>,
        claim_until -> Nullable<Timestamptz>,
        coupon_valid_days -> Nullable<Int4>,
        retained_allowed -> Bool,
        entered_by -> Uuid,
        changed_by -> Uuid,
        approved_by -> Nullable<Uuid>,
        approved_at -> Nullable<Timestamptz>,
        return_reason -> Nullable<Text>,
        version -> Int4,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    campaign_branch (campaign_id, branch_id) {
        campaign_id -> Uuid,
        branch_id -> Uuid,
    }
}

diesel::table! {
    campaign_counter (campaign_id) {
        campaign_id -> Uuid,
        quota_cap -> Nullable<Int8>,
        quota_used -> Int8,
        budget_cap_fen -> Nullable<Int8>,
        budget_used_fen -> Int8,
    }
}

diesel::table! {
    coupon (id) {
        id -> Uuid,
        campaign_id -> Uuid,
        person_id -> Uuid,
        period_key -> Text,
        seq -> Int4,
        state -> Text,
        claimed_at -> Timestamptz,
        expires_on -> Date,
        reserved_fen -> Int8,
        redemption_id -> Nullable<Uuid>,
        returned_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    redemption (id) {
        id -> Uuid,
        receipt_no -> Text,
        campaign_id -> Uuid,
        coupon_id -> Nullable<Uuid>,
        person_id -> Uuid,
        card_id -> Uuid,
        step -> Nullable<Int8>,
        merchant_id -> Uuid,
        branch_id -> Uuid,
        staff_id -> Nullable<Uuid>,
        via -> Text,
        kind -> Text,
        original_fen -> Nullable<Int8>,
        benefit_fen -> Int8,
        payable_fen -> Nullable<Int8>,
        path -> Text,
        day -> Date,
        period_key -> Text,
        seq -> Int4,
        check_code -> Nullable<Text>,
        state -> Text,
        at -> Timestamptz,
        voided_at -> Nullable<Timestamptz>,
        voided_by -> Nullable<Uuid>,
        void_reason -> Nullable<Text>,
    }
}

diesel::table! {
    verification_log (id) {
        id -> Uuid,
        at -> Timestamptz,
        branch_id -> Uuid,
        staff_id -> Uuid,
        person_id -> Nullable<Uuid>,
        result -> Text,
    }
}

// A view that registry publishes.
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
    merchant,
    merchant_branch,
    merchant_staff,
    campaign,
    campaign_branch,
    campaign_counter,
    coupon,
    redemption,
);

diesel::table! {
    merchant_application (id) {
        id -> Uuid,
        account_id -> Uuid,
        org_id -> Uuid,
        path -> Text,
        name -> Text,
        uscc -> Text,
        category -> Text,
        division_code -> Text,
        contact_name -> Text,
        contact_mobile -> Bytea,
        mobile_index -> Bytea,
        branches -> Jsonb,
        licence_file_id -> Uuid,
        state -> Text,
        due_on -> Date,
        contract_from -> Nullable<Date>,
        contract_to -> Nullable<Date>,
        reason -> Nullable<Text>,
        decided_by -> Nullable<Uuid>,
        merchant_id -> Nullable<Uuid>,
        version -> Int4,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    campaign_code (id) {
        id -> Uuid,
        campaign_id -> Uuid,
        code -> Bytea,
        code_index -> Bytea,
        given_to -> Nullable<Uuid>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(campaign_code, coupon);
diesel::allow_tables_to_appear_in_same_query!(campaign_code, campaign);

diesel::table! {
    merchant_till (id) {
        id -> Uuid,
        merchant_id -> Uuid,
        branch_id -> Uuid,
        device_id -> Text,
        name -> Text,
        registered_by -> Uuid,
        registered_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    merchant_pin (place_id) {
        place_id -> Uuid,
        phc -> Text,
        wrong -> Int4,
        set_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(merchant_staff, merchant_pin);
