-- Parameters of the law 法律参数: what calculators reckon with. Versions are only ever added: one person of the province's legal
-- department enters one, another approves it, and the date of a calculation chooses among those that stand.
CREATE TABLE law_parameter (
    id uuid PRIMARY KEY,
    -- The union that keeps it: the province's.
    path text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    -- A division's code, or 000000 for the country.
    region text NOT NULL CHECK (region ~ '^([0-9]{6}|[0-9]{9})$'),
    -- From 1 on for each key and region.
    number int NOT NULL CHECK (number > 0),
    valid_from date NOT NULL,
    -- Both days are counted.
    valid_to date CHECK (valid_to >= valid_from),
    value jsonb NOT NULL CHECK (jsonb_typeof(value) = 'object'),
    source text NOT NULL,
    state text NOT NULL CHECK (state IN ('PENDING', 'APPROVED', 'REJECTED')),
    -- Why it was rejected.
    reason text,
    recorded_at timestamptz NOT NULL,
    -- Nobody entered what comes with the software; what a person enters another person decides.
    recorded_by uuid,
    decided_at timestamptz,
    decided_by uuid,
    -- When an approved version for the same first day took its place.
    superseded_at timestamptz,
    version int NOT NULL DEFAULT 1,
    UNIQUE (key, region, number),
    CONSTRAINT law_parameter_decided CHECK ((state = 'PENDING') = (decided_at IS NULL)),
    CONSTRAINT law_parameter_decider CHECK ((recorded_by IS NULL OR state = 'PENDING') = (decided_by IS NULL)),
    CONSTRAINT law_parameter_another_person CHECK (state <> 'APPROVED' OR (decided_by <> recorded_by) IS NOT FALSE),
    CONSTRAINT law_parameter_rejected CHECK ((state = 'REJECTED') = (reason IS NOT NULL)),
    CONSTRAINT law_parameter_replaced CHECK (superseded_at IS NULL OR state = 'APPROVED')
);
CREATE UNIQUE INDEX law_parameter_standing ON law_parameter (key, region, valid_from)
    WHERE state = 'APPROVED' AND superseded_at IS NULL;
CREATE INDEX law_parameter_scope ON law_parameter (path, key, id);
CREATE INDEX law_parameter_region ON law_parameter (region) WHERE state = 'APPROVED' AND superseded_at IS NULL;

INSERT INTO law_parameter (id, path, key, region, number, valid_from, valid_to, value, source, state, recorded_at, decided_at)
SELECT ('01900000-0000-7000-8000-0000000037' || lpad(n::text, 2, '0'))::uuid, '/41/', key, region, number, valid_from::date, valid_to::date,
       value::jsonb, source, 'APPROVED', '2026-11-01T00:00:00Z', '2026-11-01T00:00:00Z'
FROM (VALUES
    (1, 'paid_days', '000000', 1, '2008-01-03', '2024-12-31', '{"hundredths": 2175}', '劳社部发〔2008〕3号'),
    (2, 'paid_days', '000000', 2, '2025-01-01', NULL, '{"hundredths": 2175}', '人社部发〔2025〕2号'),
    (3, 'overtime_rates', '000000', 1, '1995-01-01', NULL, '{"workday": 150, "rest_day": 200, "holiday": 300}', '劳动法第四十四条'),
    (4, 'minimum_wage', '410000', 1, '2022-01-01', '2023-12-31',
        '{"month_fen": [200000, 180000, 160000], "hour_fen": [1960, 1760, 1560]}', '豫政〔2021〕33号'),
    (5, 'minimum_wage', '410000', 2, '2024-01-01', NULL,
        '{"month_fen": [210000, 200000, 180000], "hour_fen": [2060, 1960, 1760]}', '河南省人民政府关于调整最低工资标准的通知，2024年1月1日起（随软件提供，未核对原文）'),
    (6, 'national_income', '000000', 1, '2024-01-01', '2024-12-31', '{"year_fen": 5182100}', '国家统计局：2023年全国城镇居民人均可支配收入'),
    (7, 'national_income', '000000', 2, '2025-01-01', '2025-12-31', '{"year_fen": 5418800}', '国家统计局：2024年全国城镇居民人均可支配收入（随软件提供，未核对原文）'),
    (8, 'retirement_male', '000000', 1, '2025-01-01', NULL,
        '{"age_years": 60, "from": "1965-01-01", "step_months": 4, "cap_months": 36}', '全国人大常委会2024年9月13日关于实施渐进式延迟法定退休年龄的决定'),
    (9, 'retirement_female_55', '000000', 1, '2025-01-01', NULL,
        '{"age_years": 55, "from": "1970-01-01", "step_months": 4, "cap_months": 36}', '全国人大常委会2024年9月13日关于实施渐进式延迟法定退休年龄的决定'),
    (10, 'retirement_female_50', '000000', 1, '2025-01-01', NULL,
        '{"age_years": 50, "from": "1975-01-01", "step_months": 2, "cap_months": 60}', '全国人大常委会2024年9月13日关于实施渐进式延迟法定退休年龄的决定'),
    (11, 'pension_minimum', '000000', 1, '2025-01-01', NULL,
        '{"months": 180, "from_year": 2030, "step_months": 6, "most_months": 240}', '全国人大常委会2024年9月13日关于实施渐进式延迟法定退休年龄的决定'),
    (12, 'injury_months', '000000', 1, '2011-01-01', NULL, '{"months": [27, 25, 23, 21, 18, 16, 13, 11, 9, 7]}', '工伤保险条例第三十五条至第三十七条'),
    (13, 'injury_allowance', '000000', 1, '2011-01-01', NULL, '{"percent": [90, 85, 80, 75, 70, 60]}', '工伤保险条例第三十五条、第三十六条'),
    (14, 'nursing', '000000', 1, '2011-01-01', NULL, '{"full": 50, "most": 40, "part": 30}', '工伤保险条例第三十四条'),
    (15, 'death_benefits', '000000', 1, '2011-01-01', NULL,
        '{"funeral_months": 6, "income_years": 20, "spouse": 40, "other": 30, "alone": 10}', '工伤保险条例第三十九条'),
    (16, 'dues', '000000', 1, '2000-01-01', NULL, '{"basis_points": 50, "step_fen": 1000}', '工会会费收交规定：基本工资的0.5%，尾数不足10元的部分不计'),
    (17, 'union_funds', '000000', 1, '2000-01-01', NULL, '{"basis_points": 200, "kept_basis_points": 6000}', '工会法：全部职工工资总额的2%；基层留成不低于60%，以当地规定为准')
) AS seed (n, key, region, number, valid_from, valid_to, value, source);
