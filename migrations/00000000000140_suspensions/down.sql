DROP TABLE merchant_suspension;
