-- Failed log-ins are counted in `throttles`; nothing reads these any more.
ALTER TABLE accounts DROP COLUMN failed_logins;
ALTER TABLE accounts DROP COLUMN locked_until;
