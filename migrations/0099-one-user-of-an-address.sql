-- An address is one user's, however its letters are written, over all organisations: who logs in names nothing else. The MVP told them
-- apart, and those that it had stay as they are. As the owner of the tables, because a tenant does not see the users of others; it says
-- no more than that an address is taken. Asked before a row is written, in the same transaction: one at a time for an address.
CREATE FUNCTION is_taken_address(address TEXT) RETURNS BOOLEAN LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext(LOWER(address)));
    RETURN EXISTS (SELECT FROM users WHERE LOWER(email) = LOWER(address));
END
$$;
