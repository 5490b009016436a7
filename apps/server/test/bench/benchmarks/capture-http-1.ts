import type { Benchmark } from '../benchmark.ts'
import { captureOverHttp } from './capture-http.ts'

export const captureHttp1: Benchmark = {
  name: 'capture-http-1',
  summary: 'Orders of 1 line, one a request, 64 connections',
  goal: { value: 2_000 },
  run: (bench) => captureOverHttp(bench, 1, 'capture-http-1'),
}
