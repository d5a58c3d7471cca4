DROP TABLE law_parameter;
