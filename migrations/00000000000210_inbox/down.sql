DROP TABLE push_delivery;
DROP TABLE push_device;
DROP TABLE inbox_preference;
DROP TABLE inbox_message;
