-- Two organisations may give the same request_id: with another viewer it is another request.

ALTER TABLE breakwater.requests COMMENT COLUMN duplicate 'The same request_id of the same viewer stands within two minutes at a lower offset; no part of any sum';
