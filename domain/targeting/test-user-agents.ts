/** As devices send them, one a line: kind, system, maker, User-Agent, with ` | ` between; a dash where it does not say. */
export const userAgents = `
smart_tv | tizen | samsung | Mozilla/5.0 (SMART-TV; LINUX; Tizen 8.0) AppleWebKit/537.36 (KHTML, like Gecko) 108.0.5359.1/8.0 TV Safari/537.36
smart_tv | tizen | samsung | Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.5) AppleWebKit/537.36 (KHTML, like Gecko) 85.0.4183.93/6.5 TV Safari/537.36
smart_tv | tizen | samsung | Mozilla/5.0 (SMART-TV; LINUX; Tizen 5.5) AppleWebKit/537.36 (KHTML, like Gecko) 69.0.3497.106.1/5.5 TV Safari/537.36
smart_tv | tizen | samsung | Mozilla/5.0 (SMART-TV; LINUX; Tizen 4.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 TV Safari/537.36
smart_tv | tizen | samsung | Mozilla/5.0 (SMART-TV; Linux; Tizen 2.4.0) AppleWebkit/538.1 (KHTML, like Gecko) SamsungBrowser/1.1 TV Safari/538.1
smart_tv | tizen | samsung | HbbTV/1.6.1 (+DRM;Samsung;SmartTV2023:CU8000;T-KSU2EDEUC-1303.1;KantSU2e;urn:samsungtv:familyname:23_KANTSU2E_UHD:2023;) Tizen/7.0 (+TVPLUS+SmartHubLink) Chrome/94 LaTivu_1.0.1_2023
smart_tv | orsay | samsung | Mozilla/5.0 (SmartHub; SMART-TV; U; Linux/SmartTV; Maple2012) AppleWebKit/534.7 (KHTML, like Gecko) SmartTV Safari/534.7
smart_tv | orsay | samsung | Mozilla/5.0 (SMART-TV; X11; Linux i686) AppleWebKit/534.7 (KHTML, like Gecko) Version/5.0 Safari/534.7
smart_tv | linux | samsung | HbbTV/1.1.1 (;Samsung;SmartTV2013;T-FXPDEUC-1102.2;;) WebKit
smart_tv | webos | lg | Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36 WebAppManager
smart_tv | webos | lg | Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.3945.79 Safari/537.36 DMOST/2.0.0 (; LGE; webOSTV; WEBOS6.2.0 03.30.70; W6_lm21a;)
smart_tv | webos | lg | Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) QtWebEngine/5.2.1 Chrome/38.0.2125.122 Safari/537.36 LG Browser/8.00.00(LGE; 65UH7700; 04.30.45; 1; DTV_W16N);
smart_tv | webos | lg | Mozilla/5.0 (Linux; webOS.TV-2021) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79 Safari/537.36 (LG, OLED55C1)
smart_tv | netcast | lg | Mozilla/5.0 (compatible; DTV; LG NetCast.TV-2013/03.17.01 (LG, 55LA690V-ZA, wired))
smart_tv | netcast | lg | Mozilla/5.0 (DirectFB; Linux armv7l) AppleWebKit/534.26+ (KHTML, like Gecko) Version/5.0 Safari/534.26+ LG Browser/5.00.00(+mouse+3D+SCREEN+TUNER; LGE; 42LM660S-ZA; 04.41.03; 0x00000001;); LG NetCast.TV-2012
apple_tv | tvos | apple | AppleTV11,1/11.1
apple_tv | tvos | apple | AppleTV6,2/16.1
apple_tv | tvos | apple | AppleCoreMedia/1.0.0.20K71 (Apple TV; U; CPU OS 16_1 like Mac OS X; en_us)
apple_tv | tvos | apple | Peacock/5.2.12 (com.peacocktv.peacock; build:1; tvOS 17.2.0) Alamofire/5.8.0
apple_tv | tvos | apple | iTunes-AppleTV/5.1.1 (2; 8GB; dt:11)
roku | roku | roku | Roku/DVP-12.5 (12.5.0.4178-88)
roku | roku | roku | Roku4640X/DVP-7.70 (297.70E04154A)
roku | roku | roku | Mozilla/5.0 (compatible; U; NETFLIX) Roku/DVP-9.10 (519.10E04111A)
roku | roku | roku | RokuOS/11.5 Roku/DVP-11.5 (11.5.0 build 4312-CU)
fire_tv | fire_os | amazon | Mozilla/5.0 (Linux; Android 9; AFTKA Build/PS7633.3445N; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/108.0.5359.220 Mobile Safari/537.36
fire_tv | fire_os | amazon | Mozilla/5.0 (Linux; Android 7.1.2; AFTMM Build/NS6265; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/70.0.3538.110 Mobile Safari/537.36
fire_tv | fire_os | amazon | Dalvik/2.1.0 (Linux; U; Android 9; AFTSSS Build/PS7242)
fire_tv | fire_os | amazon | Mozilla/5.0 (Linux; Android 5.1.1; AFTT Build/LVY48F; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/41.99900.2250.0242 Safari/537.36
fire_tv | fire_os | amazon | Mozilla/5.0 (Linux; U; Android 4.2.2; en-us; AFTB Build/JDQ39) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30
fire_tv | fire_os | amazon | com.example.app/4.1 (Linux;Android 11) ExoPlayerLib/2.18.1 AFTGAZL
android_tv | android_tv | sony | Mozilla/5.0 (Linux; Android 9; BRAVIA 4K UR2 Build/PTT1.190515.001.S104) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/105.0.5195.136 Safari/537.36
android_tv | android_tv | sony | Mozilla/5.0 (Linux; BRAVIA 4K 2015 Build/LMY48E.S265) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/61.0.3163.98 Safari/537.36 OPR/36.0.2128.0 OMI/4.9.0.205.CORE
android_tv | android_tv | nvidia | Mozilla/5.0 (Linux; Android 11; SHIELD Android TV Build/RQ1A.210105.003; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/99.0.4844.88 Mobile Safari/537.36
android_tv | android_tv | xiaomi | Mozilla/5.0 (Linux; Android 9; MIBOX4 Build/PI; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/90.0.4430.210 Mobile Safari/537.36
android_tv | android_tv | xiaomi | Dalvik/2.1.0 (Linux; U; Android 9; MiTV-MSSP3 Build/PI)
android_tv | android_tv | google | Mozilla/5.0 (Linux; Android 12; Chromecast Build/STTE.230319.008.H1; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/112.0.5615.135 Mobile Safari/537.36
android_tv | android_tv | google | Mozilla/5.0 (Linux; Android 12.0; Build/STTL.240206.002) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.6261.43 Safari/537.36 CrKey/1.56.500000 DeviceType/AndroidTV
android_tv | android_tv | tcl | Dalvik/2.1.0 (Linux; U; Android 11; TCL Smart TV Pro Build/RTM5.210709.001)
android_tv | android_tv | tcl | Mozilla/5.0 (Linux; Android 8.0.0; BeyondTV Build/OPR2.170623.027) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/75.0.3770.67 Safari/537.36
android_tv | android_tv | philips | Mozilla/5.0 (Linux; Android 9; TPM191E Build/PTT1.190815.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/88.0.4324.152 Safari/537.36
android_tv | android_tv | hisense | Dalvik/2.1.0 (Linux; U; Android 10; Hisense SmartTV 4K Build/QTG3.200305.006)
android_tv | android_tv | onn | Dalvik/2.1.0 (Linux; U; Android 12; onn. 4K Streaming Box Build/SGZ1.221127.063)
android_tv | android_tv | sharp | Mozilla/5.0 (Linux; Android 9; AQUOS-TVE19B Build/PTB1.190926.001) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/86.0.4240.198 Safari/537.36
android_tv | android_tv | sharp | Mozilla/5.0 (Linux; Android 8.0.0; AQUOS-TVX19A Build/OPR5.171005.003; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/80.0.3987.132 Mobile Safari/537.36
mobile | android | sharp | Mozilla/5.0 (Linux; Android 10; AQUOS sense4 plus SH-M16 Build/S3015; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/98.0.4758.101 Mobile Safari/537.36
mobile | android | sharp | Mozilla/5.0 (Linux; Android 12; AQUOS R6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0.0.0 Mobile Safari/537.36
tablet | android | nvidia | Mozilla/5.0 (Linux; Android 7.0; SHIELD Tablet K1 Build/NRD90M) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/60.0.3112.107 Safari/537.36
tablet | android | nvidia | Mozilla/5.0 (Linux; Android 5.0.1; SHIELD Tablet Build/LRX22C) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/39.0.2171.93 Safari/537.36
android_tv | android_tv | - | Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80 Safari/537.36 Android TV
android_tv | android_tv | - | Mozilla/5.0 (Linux; U; Android 7.1.2; en-us; X96 TV Box Build/NHG47K)
smart_tv | smartcast | vizio | Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.3945.0 Safari/537.36 CrKey/1.0.999999 VIZIO SmartCast(Conjure/MTKF-5.1.516.1 FW/2.20.1.8-1 Model/M50-E1)
smart_tv | smartcast | vizio | Mozilla/5.0 (Linux; armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/88.0.4324.150 Safari/537.36 SmartCast/4.0 (VIZIO; V435-J01)
smart_tv | vidaa | hisense | Mozilla/5.0 (Linux; Andr0id 9; SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/88.0.4324.152 Safari/537.36 OPR/46.0.2207.0 OMI/4.21.0.285.DIA6 VIDAA/6.0(Hisense;SmartTV;43A6GEVS;MTK9602/V0000.06.12A.N0616;UHD;HE43A6GEVS;)
smart_tv | vidaa | hisense | Mozilla/5.0 (Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/69.0.3497.128 Safari/537.36 OPR/46.0.2207.0 OMI/4.13.5.431.DIA5HBBTV.250 HbbTV/1.5.1 (+DRM; Hisense; SmartTV; V0000.01.00Q.N0406; HE65A7000FUWTS; ) Vidaa/5.0
smart_tv | vidaa | toshiba | Mozilla/5.0 (Linux; U) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/88.0.4324.152 Safari/537.36 VIDAA/6.0(Toshiba;SmartTV;55U6763DG;MTK9602/V0000.06.12A;UHD)
smart_tv | viera | panasonic | Mozilla/5.0 (X11; FreeBSD; U; Viera; de-DE) AppleWebKit/537.11 (KHTML, like Gecko) Viera/3.10.14 Chrome/23.0.1271.97 Safari/537.11
smart_tv | viera | panasonic | HbbTV/1.2.1 (;Panasonic;VIERA 2014;3.101;0071-3103 2000-0000;)
smart_tv | linux | philips | Opera/9.80 (Linux armv7l; HbbTV/1.2.1 (; Philips; 40HFL5010T12; ; PHILIPSTV; CE-HTML/1.0 NETTV/4.4.1 SmartTvA/3.0.0 Firmware/004.002.036.135 (PhilipsTV, 3.1.1,)en) Presto/2.12.407 Version/12.50
smart_tv | titan_os | philips | Mozilla/5.0 (Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/84.0.4147.125 Safari/537.36 OPR/46.0.2207.0 OMI/4.20 Model/Philips-MT9618 TitanOS/3.0 (Philips;43PUS7009)
smart_tv | linux | sony | Opera/9.80 (Linux armv7l; InettvBrowser/2.2 (00014A;SonyDTV140;0001;0001) KDL40W600B; CC/BEL) Presto/2.12.407 Version/12.50
smart_tv | linux | vestel | Mozilla/5.0 (Linux mips) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/53.0.2785.143 Safari/537.36 OPR/40.0.2207.0 OMI/4.8.0.129 Model/Vestel-MB211 VSTVB MB200 HbbTV/1.2.1
smart_tv | linux | loewe | Mozilla/5.0 (Linux; U) HbbTV/1.2.1 (; LOEWE; SL420; LOH/2.01;;) CE-HTML/1.0
smart_tv | linux | metz | HbbTV/1.2.1 (;Metz;MMS;;;) CE-HTML/1.0 NX/3.0.30
chromecast | cast | google | Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.4430.225 Safari/537.36 CrKey/1.56.500000 DeviceType/Chromecast
chromecast | cast | google | Mozilla/5.0 (CrKey armv7l 1.5.16041) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/31.0.1650.0 Safari/537.36
- | cast | google | Mozilla/5.0 (Fuchsia) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.5735.90 Safari/537.36 CrKey/1.56.500000 DeviceType/SmartSpeaker
game_console | xbox | microsoft | Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/48.0.2564.82 Safari/537.36 Edge/20.02
game_console | xbox | microsoft | Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox Series X) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/112.0.0.0 Safari/537.36 Edg/112.0.1722.39
game_console | playstation | sony | Mozilla/5.0 (PlayStation; PlayStation 5/7.61) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15
game_console | playstation | sony | Mozilla/5.0 (PlayStation 4 11.00) AppleWebKit/605.1.15 (KHTML, like Gecko)
game_console | playstation | sony | Mozilla/5.0 (PLAYSTATION 3 4.90) AppleWebKit/531.22.8 (KHTML, like Gecko)
game_console | nintendo | nintendo | Mozilla/5.0 (Nintendo Switch; WebApplet) AppleWebKit/609.4 (KHTML, like Gecko) NF/6.0.3.23.3 NintendoBrowser/5.1.0.31058
set_top_box | rdk | comcast | Mozilla/5.0 (Linux; x86_64 GNU/Linux) AppleWebKit/601.1 (KHTML, like Gecko) Version/8.0 Safari/601.1 WPE comcast/1.0 (PX051AEI; X1)
set_top_box | linux | infomir | Mozilla/5.0 (QtEmbedded; U; Linux; C) AppleWebKit/533.3 (KHTML, like Gecko) MAG200 stbapp ver: 2 rev: 250 Safari/533.3
set_top_box | linux | sky | Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) QtWebEngine/5.9.7 Chrome/69.0.3497.113 Safari/537.36 GW-Device/1.0.0 (Sky, ES340, )
set_top_box | linux | tivo | Mozilla/5.0 (Linux mipsel; TiVo_HW_STB_7425; U; en) Opera TV Store/6138
set_top_box | linux | humax | Mozilla/5.0 (Linux; U) HbbTV/1.1.1 (;Humax;HD NANO;1.00.07;1.0;) CE-HTML/1.0
mobile | ios | apple | Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1
tablet | ios | apple | Mozilla/5.0 (iPad; CPU OS 16_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148
mobile | android | samsung | Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36
- | android | - | Mozilla/5.0 (Linux; Android 11; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/112.0.0.0 Safari/537.36
- | tizen | samsung | Mozilla/5.0 (Linux; Tizen 5.0; FamilyHub) AppleWebKit/537.36 (KHTML, like Gecko) Version/5.0 Safari/537.36
desktop | windows | - | Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36
desktop | macos | apple | Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36
- | - | - | AWS Elemental MediaTailor
- | - | - | okhttp/4.9.3
- | - | - | VLC/3.0.18 LibVLC/3.0.18
smart_tv | webos | lg | HbbTV/1.4.1 (+DRM;LGE;43UH6500-ZA;WEBOS3 04.30.45;W3_R9;DTV_W16P;)
smart_tv | webos | lg | HbbTV/1.5.1 (+DRM+TVPLUS;LGE;OLED55C9PLA;WEBOS4.5 05.00.02;W45_M16P;DTV_W19O;)
android_tv | android_tv | - | Mozilla/5.0 (Linux; Android 9; Acme 4K TV Build/PI) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/105.0.0.0 Mobile Safari/537.36
mobile | android | - | Mozilla/5.0 (Linux; Android 13; SM-A515F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/110.0.0.0 Mobile YouTube TV
mobile | android | - | Mozilla/5.0 (Linux; Android 13; moto g54) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/110.0.0.0 Mobile Safari/537.36 Sling TV
mobile | android | - | Mozilla/5.0 (Linux; Android 14; SM-S918B; tv.pluto.android) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36
- | android | - | Dalvik/2.1.0 (Linux; U; Android 13; SM-X700 Build/TP1A) YouTube TV
- | - | apple | AppleCoreMedia/1.0.0.21L580 (HomePod; U; CPU OS 17_4 like Mac OS X; en_us)
- | - | apple | AppleCoreMedia/1.0.0.21S364 (Apple Watch; U; CPU OS 10_2 like Mac OS X; en_us)
mobile | ios | apple | Xfinity Stream/7.5.0 (iPhone; iOS 17.2; Scale/3.00)
- | android | - | Xfinity Stream/8.1 (Linux; Android 13; SM-S911U) ExoPlayerLib/2.18
mobile | ios | apple | Roku/9.4.0 (iPhone; iOS 17.2; Scale/3.00)
tablet | ios | apple | Roku/9.4.0 (iPad; iOS 17.2; Scale/2.00)
- | android | - | The Roku Channel/3.0 (Linux;Android 13) ExoPlayerLib/2.18.7
- | android | - | YouTube TV/8.1 (Linux; Android 14; CPH2451) ExoPlayerLib
- | android | samsung | Samsung TV Plus/1.0 (Linux;Android 13) ExoPlayerLib/2.18
tablet | ios | apple | Mozilla/5.0 (iPad; CPU OS 9_3_5 like Mac OS X) AppleWebKit/601.1.46 (KHTML, like Gecko) Mobile/13G36 [FBAN/FBIOS;FBSN/iPhone OS]
smart_tv | linux | tcl | Mozilla/5.0 (iPad; U; CPU OS 5_0 like Mac OS X; en-us) AppleWebKit/534.46 (KHTML, like Gecko) Version/5.0.2 Mobile/9A5248d Safari/6533.18.5#2.0#TCL/TCL-ME-MS68-S1/22/tclwebkit1.0.2/1920*1080
android_tv | android_tv | - | Linux; U; Android 10; pt_PT; MEO TV Box 4K (DIW3930); Build/QTG1.230301.001; Cronet/114.0.5735.33
android_tv | android_tv | - | TV Bro/1.0 Mozilla/5.0 (Linux; Android 10; KM1 Build/QTT5.200429.010; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/103.0.5060.71 Safari/537.36
smart_tv | tivo_os | vestel | Mozilla/5.0 (Linux ) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/112.0.5615.165 Safari/537.36 OMI/4.23.2.96.LIMA2.94 Model/Vestel-MB180 VSTVB MB100 FVC/8.0 (VESTEL; MB180; ) HbbTV/1.6.1 (+DRM; VESTEL; MB180; 1.0.0; ; MB180;) TiVoOS/1.0.0 (Vestel MB180 HITACHI) SmartTvA/3.0.0
android_tv | android_tv | sony | Mozilla/5.0 (Linux; Andr0id 10; BRAVIA VH1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/88.0.4324.152 Safari/537.36 OPR/46.0.2207.0 OMI/4.21.1.50.Catalyst5.48 Model/Sony-BRAVIA-VH1
android_tv | android_tv | hisense | Mozilla/5.0 (Linux; Android 9; HiSmart 4K ATV4 Build/PTT1.181214.002; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/81.0.4044.111 Mobile Safari/537.36
android_tv | android_tv | philips | Mozilla/5.0 (Linux; Android 8.0; QM163E Build/OPR5.170623.014) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/49.0.2623.112 Safari/537.36 OPR/32.0.2128.0
android_tv | android_tv | - | Mozilla/5.0 (Linux; Android 6.0; TV348_DVB Build/MRA58K; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/48.0.2542.0 Safari/537.36
mobile | android | - | Mozilla/5.0 (Linux; Android 5.1.1; STV100-1 Build/LMY47V; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/46.0.2490.76 Mobile Safari/537.36
- | android | - | Mozilla/5.0 (Linux; Android 4.0.4; BNTV400 Build/IMM76L) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/34.0.1847.114 Safari/537.36
mobile | android | - | Mozilla/5.0 (Linux; Android 6.0.1; HITV300C Build/MMB29M; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/51.0.2704.81 Mobile Safari/537.36
android_tv | android_tv | - | Mozilla/5.0 (Linux; Andr0id 13; 50OV6000U) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.6312.107 Safari/537.36 OMI/4.25.0.50.StableAVB.15
`;
