-- What a pricing model that was left had for a price, as fine and as much as prices are.
ALTER TABLE campaigns
    ALTER COLUMN cpm_rate TYPE DECIMAL(22, 6),
    ALTER COLUMN cpc_rate TYPE DECIMAL(22, 6),
    ALTER COLUMN cpv_rate TYPE DECIMAL(22, 6);
