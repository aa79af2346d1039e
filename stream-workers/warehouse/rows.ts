import type { Judgement } from '../../domain/first-sight.ts';
import type { AdBeacon, AdRequest, CampaignSignal, Conversion, Identity } from '../../schemas/records.ts';
import type { WorkerRecord } from '../worker.ts';
import type { Row } from './tables.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Epoch seconds of the minute that holds `at` (epoch ms), as the raw tables and roll-ups name it. */
export function minuteOf(at: number): number {
  return Math.floor(at / MINUTE_MS) * 60;
}

type Origin = Pick<WorkerRecord, 'topic' | 'partition' | 'offset' | 'appendedAt'>;

/** What a request's row and those of its ads say alike of where it came from. */
function contextOf({ dialect, context, experiments }: AdRequest): Row {
  return {
    dialect,
    region: context.region ?? '',
    city: context.city ?? '',
    dma: context.dma ?? '',
    os: context.os ?? '',
    brand: context.brand ?? '',
    content_category: context.content_category ?? '',
    content_genre: context.content_genre ?? '',
    content_rating: context.content_rating ?? '',
    experiments: Object.fromEntries(experiments.map(({ experiment, arm }) => [experiment, arm])),
  };
}

export function requestRow(origin: Origin, request: AdRequest, duplicate: boolean): Row {
  const { context, candidates, proof } = request;
  return {
    ...receiptOf(origin, request.received_at),
    ...contextOf(request),
    arrival_id: request.arrival_id,
    request_id: request.request_id,
    viewer: request.viewer,
    country: context.country ?? '',
    device_type: context.device_type ?? '',
    age: context.age,
    gender: context.gender ?? '',
    household_income: context.household_income,
    time_zone: context.time_zone ?? '',
    ip_truncated: context.ip_truncated ?? '',
    user_agent_class: context.user_agent_class,
    identities: byScope(request.identities),
    session: request.session ?? '',
    break_index: request.break_index,
    requested_seconds: request.requested_seconds,
    min_ads: request.min_ads,
    max_ads: request.max_ads,
    objective: request.objective,
    separation: request.separation,
    min_separation_seconds: request.min_separation_seconds,
    allow_duplicate_advertisers: request.allow_duplicate_advertisers,
    features: request.features,
    ads: request.ads.length,
    filled_seconds: request.filled_seconds,
    paid_seconds: request.ads.reduce((sum, ad) => sum + (ad.house ? 0 : ad.duration_seconds), 0),
    no_fill_reason: request.no_fill_reason ?? '',
    candidate_campaigns: candidates.map((candidate) => candidate.campaign),
    candidate_creatives: candidates.map((candidate) => candidate.creative),
    candidate_values_micros: candidates.map((candidate) => candidate.value_micros),
    candidate_mu_ppm: candidates.map((candidate) => candidate.mu_ppm),
    candidate_scores_micros: candidates.map((candidate) => candidate.score_micros),
    candidate_outcomes: candidates.map((candidate) => candidate.outcome),
    fallouts: Object.fromEntries(request.fallouts.map(({ reason, campaigns }) => [reason, campaigns])),
    proof_value: proof.value,
    proof_bound: proof.bound,
    proof_nodes: proof.nodes,
    proof_exact: proof.exact,
    conflicts_rejected: proof.conflicts_rejected,
    timings_us: request.timings_us,
    duplicate,
    late: false,
    invalid: request.invalid !== null || request.filled_seconds > request.requested_seconds,
    caller: request.caller,
    traffic: request.invalid ?? '',
    consent: request.consent,
    over_budget: candidates.some((candidate) => candidate.outcome === 'budget_reached'),
    billable: false,
  };
}

/** One row per served ad. */
export function requestAdRows(origin: Origin, request: AdRequest, duplicate: boolean): readonly Row[] {
  return request.ads.map((ad) => ({
    ...receiptOf(origin, request.received_at),
    ...contextOf(request),
    request_id: request.request_id,
    viewer: request.viewer,
    country: request.context.country ?? '',
    device_type: request.context.device_type ?? '',
    reservation: ad.reservation,
    campaign: ad.campaign,
    creative: ad.creative,
    advertiser: ad.advertiser,
    position: ad.position,
    start_seconds: ad.start_seconds,
    duration_seconds: ad.duration_seconds,
    categories: ad.categories,
    pricing_model: ad.pricing_model,
    price_micros: ad.price_micros,
    decision_minute: ad.minute * 60,
    expires_at: ad.expires_at,
    capped_by: byScope(ad.capped_by),
    house: ad.house,
    duplicate,
    predicted_ctr_ppm: ad.predicted_ctr_ppm,
    predicted_completion_ppm: ad.predicted_completion_ppm,
  }));
}

export function beaconRow(origin: Origin, beacon: AdBeacon, judgement: Judgement): Row {
  return {
    ...receiptOf(origin, beacon.received_at),
    decision_minute: beacon.minute * 60,
    arrival_id: beacon.arrival_id,
    event: beacon.event,
    cachebuster: beacon.cachebuster ?? '',
    viewer: beacon.viewer,
    request_id: beacon.request_id,
    reservation: beacon.reservation,
    campaign: beacon.campaign,
    creative: beacon.creative,
    advertiser: beacon.advertiser,
    position: beacon.position,
    duration_seconds: beacon.duration_seconds,
    pricing_model: beacon.pricing_model,
    price_micros: beacon.price_micros,
    expires_at: beacon.expires_at,
    identities: byScope(beacon.identities),
    country: beacon.country ?? '',
    device_type: beacon.device_type ?? '',
    user_agent_class: beacon.user_agent_class,
    client_at: beacon.client_at,
    view_ms: beacon.view_ms,
    viewability_percentage: beacon.viewability_percentage,
    audio_level: beacon.audio_level,
    error_code: beacon.error_code,
    offset_seconds: beacon.offset_seconds,
    caller: beacon.caller,
    traffic: beacon.invalid ?? '',
    ...judgement,
    invalid: beacon.invalid !== null || isAfterRelease(beacon, judgement),
    over_budget: false,
  };
}

/** An impression whose place was released, or whose ad had failed, before it came. */
export function isAfterRelease(beacon: Pick<AdBeacon, 'event' | 'invalid'>, judgement: Judgement): boolean {
  return beacon.invalid === null && beacon.event === 'impression' && !judgement.duplicate && !judgement.decisive;
}

export function conversionRow(origin: Origin, conversion: Conversion, duplicate: boolean): Row {
  return {
    ...receiptOf(origin, conversion.received_at),
    occurred_at: conversion.occurred_at,
    arrival_id: conversion.arrival_id,
    conversion_id: conversion.conversion_id,
    viewer: conversion.viewer,
    advertiser: conversion.advertiser,
    type: conversion.type,
    value_micros: conversion.value_micros,
    duplicate,
    late: false,
    invalid: conversion.invalid !== null || conversion.occurred_at > conversion.received_at + DAY_MS,
    source: conversion.source,
    identities: byScope(conversion.identities),
    known_as: [...new Set([conversion.viewer, ...conversion.identities.map(({ hash }) => hash)])],
    reservation: conversion.reservation,
    traffic: conversion.invalid ?? '',
  };
}

export function signalRow(origin: Origin, signal: CampaignSignal): Row {
  const { creatives: _, contexts: _contexts, ...values } = signal;
  return { ...originOf(origin), ...values };
}

function originOf({ topic, partition, offset, appendedAt }: Origin): Row {
  return { topic, source_partition: partition, offset, appended_at: appendedAt };
}

function receiptOf(origin: Origin, receivedAt: number): Row {
  return { ...originOf(origin), received_at: receivedAt, minute: minuteOf(receivedAt) };
}

function byScope(identities: readonly Identity[]): Row {
  return Object.fromEntries(identities.map(({ scope, hash }) => [scope, hash]));
}
