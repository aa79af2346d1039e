-- Pods kept by name. `min_separation_seconds` NULL: competitors never in one pod.

CREATE TABLE ad_pods (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name VARCHAR(255) NOT NULL UNIQUE,
    duration_seconds INTEGER NOT NULL CHECK (duration_seconds BETWEEN 1 AND 3600),
    max_ads INTEGER NOT NULL DEFAULT 6 CHECK (max_ads BETWEEN 1 AND 30),
    min_ads INTEGER NOT NULL DEFAULT 1 CHECK (min_ads BETWEEN 0 AND 30),

    enable_competitive_separation BOOLEAN NOT NULL DEFAULT true,
    min_separation_seconds INTEGER DEFAULT 30 CHECK (min_separation_seconds >= 0),
    allow_duplicate_advertisers BOOLEAN NOT NULL DEFAULT false,

    optimization_goal VARCHAR(50) NOT NULL DEFAULT 'revenue'
        CHECK (optimization_goal IN ('revenue', 'fill_rate', 'user_experience')),

    version BIGINT NOT NULL DEFAULT 1 CHECK (version >= 1),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    CHECK (min_ads <= max_ads)
);
