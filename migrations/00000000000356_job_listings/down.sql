DROP TABLE job_listing_no;
DROP TABLE job_listing;
