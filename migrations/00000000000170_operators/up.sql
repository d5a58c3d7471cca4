-- What was given up is counted at every scrape, among a week's tasks that are done.

CREATE INDEX task_failed ON task (kind) WHERE state = 'failed';
