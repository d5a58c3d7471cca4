-- How many drafts a recruiter has is counted when it writes another.
CREATE INDEX job_posting_drafts ON job_posting (recruiter_id) WHERE state = 'DRAFT';

-- The second lexicon: all of the first, and how people say the same. Regions and households are spelled out, since a `*` would
-- take “限5人，户口不限” for one.
INSERT INTO job_lexicon (version, from_date, phrase, severity, unless_after)
SELECT 2, '2026-11-01', phrase, severity, unless_after FROM job_lexicon WHERE version = 1;

INSERT INTO job_lexicon (version, from_date, phrase, severity, unless_after)
SELECT DISTINCT 2, '2026-11-01'::date, replace(form, '~', region), 'block', '{不,不会,不得,不存在}'::text[]
FROM unnest(ARRAY[
    '河南', '河北', '山东', '山西', '陕西', '安徽', '江苏', '浙江', '湖北', '湖南', '四川', '重庆', '贵州', '云南', '广东', '广西',
    '福建', '江西', '海南', '甘肃', '青海', '宁夏', '新疆', '西藏', '内蒙古', '内蒙', '东北', '辽宁', '吉林', '黑龙江', '北京', '天津',
    '上海', '郑州', '洛阳', '开封', '平顶山', '安阳', '鹤壁', '新乡', '焦作', '濮阳', '许昌', '漯河', '三门峡', '南阳', '商丘', '信阳',
    '周口', '驻马店', '济源', '外地', '外省', '本地', '农村']) AS region,
     unnest(ARRAY['~人勿扰', '~籍勿扰', '~人免谈', '~人除外', '~籍除外', '不要~人', '拒绝~人', '谢绝~人', '~人勿投', '~人勿来']) AS form
ON CONFLICT DO NOTHING;
INSERT INTO job_lexicon (version, from_date, phrase, severity, unless_after)
SELECT DISTINCT 2, '2026-11-01'::date, replace(replace(form, '~', place), '^', paper), 'block', '{不,不会,不得,不存在}'::text[]
FROM unnest(ARRAY[
    '本地', '本市', '本省', '本县', '本区', '当地', '城镇', '城市', '非农', '农村', '农业', '河南', '郑州', '洛阳', '开封', '平顶山',
    '安阳', '鹤壁', '新乡', '焦作', '濮阳', '许昌', '漯河', '三门峡', '南阳', '商丘', '信阳', '周口', '驻马店', '济源']) AS place,
     unnest(ARRAY['户口', '户籍']) AS paper,
     unnest(ARRAY['限~^', '限~市^', '~^优先', '须~^', '需~^', '要求~^', '只要~^']) AS form
ON CONFLICT DO NOTHING;
INSERT INTO job_lexicon (version, from_date, phrase, severity, unless_after)
SELECT 2, '2026-11-01', phrase, 'block', '{不,不会,不得,不存在,不要求}'::text[] FROM unnest(ARRAY[
    '未育', '已婚优先', '男士优先', '男生优先', '男优先', '女士优先', '女性优先', '女生优先', '女优先', '仅招男', '仅招女', '只要男',
    '只要女', '不要男', '不要女', '不招男', '不招女', '男性勿扰', '女性勿扰', '男士勿扰', '女士勿扰', '要求男性', '要求女性',
    '孕妇勿扰', '怀孕勿扰', '不得怀孕', '不能怀孕', '不许怀孕', '禁止怀孕', '禁止生育', '无生育计划', '无生育打算', '不考虑生育',
    '验孕', '孕检', '乙肝', '两对半', '残疾勿扰', '残疾人勿扰', '不招残疾', '不要残疾', '不招少数民族', '不要少数民族',
    '少数民族勿扰', '限汉族', '汉族优先', '信教勿扰', '回民勿扰', '农民工勿扰', '有纹身勿扰']) AS phrase
ON CONFLICT DO NOTHING;
-- A height or looks can have their reason in the work: somebody looks at it.
INSERT INTO job_lexicon (version, from_date, phrase, severity, unless_after)
SELECT 2, '2026-11-01', phrase, 'review', '{}'::text[] FROM unnest(ARRAY[
    '身高1', '身高:1', '身高≥1', '身高>1', '身高要求1', '身高不低于1', '身高需1', '身高须1', '身高在1', '身高达1', '身高满1', '身高超过1',
    '身高一米', '身高不低于一米', '净身高', '五官端正', '相貌端正', '形象气质佳', '颜值', '人勿扰', '年轻化', '属相', '星座']) AS phrase
ON CONFLICT DO NOTHING;
