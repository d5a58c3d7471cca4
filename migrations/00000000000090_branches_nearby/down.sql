DROP INDEX merchant_branch_place;
