-- What users is asked first: whether the reader's list of followees is the one that posts knows.
SELECT followees_version FROM users.users WHERE id = {viewer};
