-- What a viewer has seen is read from the windows themselves (management-api/viewers.ts), with the columns of the plan's table. The table
-- was a second place for it that nothing ever wrote.
DROP TABLE user_frequency_tracking;
