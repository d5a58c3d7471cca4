-- Postings (E17) with what they are judged by: the lexicon and the minimum wages, both dated data.
CREATE TABLE job_posting (
    id uuid PRIMARY KEY,
    recruiter_id uuid NOT NULL REFERENCES recruiter (id),
    org_id uuid NOT NULL REFERENCES org (id),
    path text COLLATE "C" NOT NULL,
    title text NOT NULL,
    employment_type text NOT NULL
        CHECK (employment_type IN ('full_time', 'part_time', 'temporary', 'internship')),
    headcount int NOT NULL CHECK (headcount BETWEEN 1 AND 9999),
    filled int NOT NULL DEFAULT 0,
    content text NOT NULL,
    conditions text NOT NULL,
    division_code text NOT NULL,
    address text NOT NULL,
    pay_min_fen bigint CHECK (pay_min_fen > 0),
    pay_max_fen bigint,
    pay_period text NOT NULL CHECK (pay_period IN ('hour', 'day', 'month', 'year', 'piece')),
    pay_months smallint NOT NULL CHECK (pay_months BETWEEN 12 AND 24),
    negotiable boolean NOT NULL,
    -- Fen a month, made from the above; none where pay is not disclosed or goes by the piece.
    month_min_fen bigint,
    month_max_fen bigint,
    -- How long it is to stand from its approval on.
    valid_days int NOT NULL CHECK (valid_days BETWEEN 1 AND 90),
    source_url text,
    -- What the recruiter tells the reviewer: a lawful exception, say.
    note text,
    -- What the lexicon found for the reviewer to look at.
    hits jsonb NOT NULL,
    -- The same text of the same recruiter, however often it is posted.
    content_key bytea NOT NULL,
    -- EXPIRED is derived: LIVE past its last day (Shanghai).
    state text NOT NULL CHECK (state IN ('DRAFT', 'REVIEW', 'LIVE', 'HIDDEN', 'CLOSED', 'REMOVED')),
    valid_through date,
    due_on date,
    published_at timestamptz,
    reason text,
    decided_by uuid,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    CONSTRAINT job_posting_pay CHECK (
        (pay_max_fen >= pay_min_fen) IS NOT FALSE AND (pay_max_fen IS NULL OR pay_min_fen IS NOT NULL)
        AND (negotiable OR pay_min_fen IS NOT NULL)
    ),
    CONSTRAINT job_posting_filled CHECK (filled BETWEEN 0 AND headcount),
    -- No state without a deadline but those that have ended.
    CONSTRAINT job_posting_due CHECK ((state IN ('CLOSED', 'REMOVED')) = (due_on IS NULL)),
    CONSTRAINT job_posting_live CHECK (state NOT IN ('LIVE', 'HIDDEN') OR valid_through IS NOT NULL)
);
CREATE INDEX job_posting_of ON job_posting (recruiter_id, id);
CREATE INDEX job_posting_scope ON job_posting (path, id);
CREATE INDEX job_posting_waiting ON job_posting (path, due_on) WHERE state IN ('REVIEW', 'HIDDEN');
CREATE INDEX job_posting_lapsing ON job_posting (due_on) WHERE state IN ('DRAFT', 'LIVE');

-- One a person and posting; what the county has decided since is handled.
CREATE TABLE job_report (
    id uuid PRIMARY KEY,
    posting_id uuid NOT NULL REFERENCES job_posting (id),
    person_id uuid NOT NULL REFERENCES person (id),
    kind text NOT NULL CHECK (kind IN ('fraud', 'fee', 'discrimination', 'false_content', 'other')),
    statement text NOT NULL,
    handled_at timestamptz,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX job_report_once ON job_report (posting_id, person_id);

-- Words that a posting must not have (block) or that somebody looks at (review); `*` stands for one to six characters. After
-- one of `unless_after` (不限男女) a blocked one is only looked at. The newest version whose day has come counts.
CREATE TABLE job_lexicon (
    version int NOT NULL,
    from_date date NOT NULL,
    phrase text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('block', 'review')),
    unless_after text[] NOT NULL,
    PRIMARY KEY (version, phrase)
);
INSERT INTO job_lexicon (version, from_date, phrase, severity, unless_after)
SELECT 1, '2026-01-01', phrase, 'block', '{不,不会,不得,不存在}'::text[] FROM unnest(ARRAY[
    '限男', '只招男', '仅限男', '男性优先', '限女', '仅限女', '只招女', '未婚', '已婚已育', '已育', '无婚育计划',
    '不招*人', '拒绝乙肝', '限本地户口', '仅限汉族', '收取身份证', '扣押身份证', '刷单', '日结高薪', '保录', '包过',
    '内部名额', '裸贷', '传销']) AS phrase;
INSERT INTO job_lexicon (version, from_date, phrase, severity, unless_after)
SELECT 1, '2026-01-01', phrase, 'block', '{不,不收,不收取,不交,不需,不需要,无,无需,免,免收,零}'::text[]
FROM unnest(ARRAY['押金', '保证金', '培训费', '服装费', '贷款']) AS phrase;
INSERT INTO job_lexicon (version, from_date, phrase, severity, unless_after)
SELECT 1, '2026-01-01', phrase, 'review', '{}'::text[] FROM unnest(ARRAY[
    '体检费自理', '拒绝纹身', '月入过万', '岁以下', '周岁以下', '年龄限制', '985', '211', '形象好', '党员优先',
    '女职工禁忌', '国家规定不适合']) AS phrase;

-- Minimum wages of Henan by class of region, dated (豫政 2022, 2024), and which class a division has. A division without a
-- class of its own or of one above it has the lowest, III.
CREATE TABLE job_minimum_wage (
    class smallint NOT NULL CHECK (class BETWEEN 1 AND 3),
    from_date date NOT NULL,
    month_fen bigint NOT NULL,
    hour_fen bigint NOT NULL,
    PRIMARY KEY (class, from_date)
);
INSERT INTO job_minimum_wage VALUES
    (1, '2022-01-01', 200000, 1960), (2, '2022-01-01', 180000, 1760), (3, '2022-01-01', 160000, 1560),
    (1, '2024-01-01', 210000, 2060), (2, '2024-01-01', 200000, 1960), (3, '2024-01-01', 180000, 1760);
CREATE TABLE job_wage_class (
    division_code text PRIMARY KEY,
    class smallint NOT NULL CHECK (class BETWEEN 1 AND 3)
);
