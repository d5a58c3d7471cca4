DROP TABLE org_module;
