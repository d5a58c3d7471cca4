DROP TABLE verification_guess;
DROP TABLE card_till_code;
