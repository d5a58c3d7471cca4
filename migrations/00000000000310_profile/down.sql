DROP TABLE storage_profile;
