DROP TABLE merchant_pin;
DROP TABLE merchant_till;
