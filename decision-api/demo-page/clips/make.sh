#!/usr/bin/env bash
# Draws the demo's clips, one for each length of its creatives: a bar that fills as the clip plays, and a soft beep every five seconds.
# H.264 as televisions have it, VP9 for browsers without. Needs ffmpeg (apt-get install -y ffmpeg).
set -euo pipefail
cd "$(dirname "$0")"
bytes_max=60000

for clip in 15:0x134e5e 20:0x5b2a86 30:0x7a3b12 60:0x1b4332; do
  seconds=${clip%%:*} colour=${clip#*:}
  picture="color=c=$colour:s=320x180:r=5:d=$seconds[back];color=c=0xf2e8cf:s=320x12:r=5:d=$seconds[bar];"
  picture+="color=c=0xe09f3e:s=36x36:r=5:d=$seconds[buoy];"
  picture+="[back][bar]overlay=x='-320+320*t/$seconds':y=168[filled];"
  picture+="[filled][buoy]overlay=x='284*t/$seconds':y='78+24*sin(2*PI*t/4)',format=yuv420p[v];"
  picture+="aevalsrc='0.2*sin(2*PI*440*t)*lt(mod(t,5),0.2)':d=$seconds:s=48000:n=960[a]"
  common=(-hide_banner -loglevel error -y -filter_complex "$picture" -map '[v]' -map '[a]' -t "$seconds" -g 50
    -map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact)
  ffmpeg "${common[@]}" -c:v libx264 -preset veryslow -crf 34 -profile:v main -c:a aac -ac 1 -ar 16000 -b:a 4k \
    -movflags +faststart "${seconds}s.mp4"
  ffmpeg "${common[@]}" -c:v libvpx-vp9 -b:v 0 -crf 50 -row-mt 0 -threads 1 -c:a libopus -ac 1 -b:a 6k -vbr on "${seconds}s.webm"
  for file in "${seconds}s.mp4" "${seconds}s.webm"; do
    size=$(stat -c %s "$file")
    [ "$size" -le "$bytes_max" ] || { echo "$file has $size bytes, more than $bytes_max" >&2; exit 1; }
  done
done
