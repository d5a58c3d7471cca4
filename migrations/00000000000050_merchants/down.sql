DROP TABLE verification_log, redemption, coupon, campaign_counter, campaign_branch, campaign, merchant_staff, merchant_branch, merchant;
