-- Who converted may have seen ads under any of their pseudonyms, also under those of the pepper before.

ALTER TABLE breakwater.conversions ADD COLUMN IF NOT EXISTS known_as Array(String) DEFAULT arrayDistinct(arrayConcat([viewer], mapValues(identities))) COMMENT 'The viewer and every pseudonym of who converted, older ones too';
