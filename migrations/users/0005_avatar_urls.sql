-- Addresses of pictures are kept as the URL parser writes them: `https://example.com` gets a `/`, and what a URL may not
-- hold is escaped. The application counts the 2048 characters that somebody may send before that, so the check has to
-- leave room: escaping makes three bytes of an ASCII character at most.
--
-- Locks users.users for the moment of the change. Nothing is read again: every row satisfied a stricter check.

ALTER TABLE users.users
    DROP CONSTRAINT users_avatar_url_check,
    ADD CONSTRAINT users_avatar_url_check CHECK (char_length(avatar_url) BETWEEN 1 AND 6145) NOT VALID;
