-- The MVP's tables, as phase 1 left them. Money is decimal here; later files add integer micros beside it.

CREATE TABLE users (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    email VARCHAR(255) NOT NULL UNIQUE,
    password_hash VARCHAR(255) NOT NULL,
    name VARCHAR(255),
    role VARCHAR(20) NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin')),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW()
);

CREATE TABLE campaigns (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name VARCHAR(255) NOT NULL,
    description TEXT,
    status VARCHAR(20) NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'active', 'paused', 'completed')),
    budget_total DECIMAL(12, 2) CHECK (budget_total >= 0),
    budget_spent DECIMAL(12, 2) NOT NULL DEFAULT 0 CHECK (budget_spent >= 0),
    start_date TIMESTAMP WITH TIME ZONE NOT NULL,
    end_date TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by UUID REFERENCES users (id),
    pricing_model VARCHAR(10) NOT NULL DEFAULT 'cpm' CHECK (pricing_model IN ('cpm', 'cpc', 'cpv', 'flat')),
    cpm_rate DECIMAL(10, 4) CHECK (cpm_rate >= 0),
    cpc_rate DECIMAL(10, 4) CHECK (cpc_rate >= 0),
    cpv_rate DECIMAL(10, 4) CHECK (cpv_rate >= 0),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    CHECK (end_date >= start_date)
);

CREATE TABLE creatives (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    campaign_id UUID NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    name VARCHAR(255) NOT NULL,
    video_url TEXT,
    duration INTEGER NOT NULL CHECK (duration BETWEEN 1 AND 120),
    file_size BIGINT CHECK (file_size >= 0),
    width INTEGER CHECK (width > 0),
    height INTEGER CHECK (height > 0),
    format VARCHAR(20),
    status VARCHAR(20) NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'processing', 'failed')),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW()
);

CREATE TABLE ad_requests (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    campaign_id UUID REFERENCES campaigns (id),
    creative_id UUID REFERENCES creatives (id),
    device_id VARCHAR(255),
    device_type VARCHAR(50),
    app_id VARCHAR(255),
    user_agent TEXT,
    ip_address INET,
    context JSONB,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW()
);

CREATE TABLE impressions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    ad_id UUID REFERENCES ad_requests (id),
    campaign_id UUID NOT NULL REFERENCES campaigns (id),
    creative_id UUID NOT NULL REFERENCES creatives (id),
    device_id VARCHAR(255),
    device_type VARCHAR(50),
    location_country VARCHAR(2),
    location_region VARCHAR(50),
    session_id VARCHAR(255),
    "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    duration INTEGER CHECK (duration >= 0),
    completed BOOLEAN NOT NULL DEFAULT false
);

CREATE TABLE campaign_daily_stats (
    campaign_id UUID NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    date DATE NOT NULL,
    impressions BIGINT NOT NULL DEFAULT 0,
    clicks BIGINT NOT NULL DEFAULT 0,
    completions BIGINT NOT NULL DEFAULT 0,
    spend DECIMAL(12, 2) NOT NULL DEFAULT 0,
    PRIMARY KEY (campaign_id, date)
);

CREATE INDEX idx_campaigns_status ON campaigns (status, start_date, end_date);
CREATE INDEX idx_campaigns_created_by ON campaigns (created_by);
CREATE INDEX idx_creatives_campaign ON creatives (campaign_id);
CREATE INDEX idx_ad_requests_created ON ad_requests (created_at);
CREATE INDEX idx_impressions_campaign ON impressions (campaign_id, "timestamp");
