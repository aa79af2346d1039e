-- Events are not attributed where they lie: attribution is weighed when it is asked for, with windows of whoever asks.

ALTER TABLE breakwater.analytics_events
    COMMENT COLUMN attribution_window 'Always null: its windows are chosen when attribution is asked for, and are of no event';
