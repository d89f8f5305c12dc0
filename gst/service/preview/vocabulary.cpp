// SPDX-License-Identifier: LGPL-2.1-or-later
// Places, weathers, lights, motion words, moods, styles, and the words that are no picture.
#include "service/preview/vocabulary.h"

namespace aigc::preview {
namespace {

constexpr Names kPlaces[] = {
    {"future_city", "未来城市|赛博城市|未来都市|科幻城市",
     "future city|futuristic city|cyber city|neon city|megacity|city of the future",
     "未来都市|未来の都市|近未来都市|ネオン街"},
    {"city", "城市|都市|市中心|天际线", "city|downtown|skyline|metropolis", "都市|都会|街並み"},
    {"street", "街道|街头|街上|马路|小巷|巷子|路口|公路|街|路",
     "street|alley|alleyway|road|crossroads|sidewalk|highway", "街角|通り|路地|道路|街|道"},
    {"old_town", "古镇|古城|水乡|小镇|村庄|村落|老街|胡同|夜市",
     "old town|village|town|night market|water town|hamlet", "古い町|村|城下町|町|里|夜市"},
    {"mountain", "山|山脉|山谷|高山|雪山|群山|山顶|山水|悬崖",
     "mountain|mountain range|valley|peak|hill|hills|cliff|alps", "山|山々|山脈|谷|峠|富士山|崖"},
    {"sea", "大海|海|海洋|海上|海面|港口|码头|海边的悬崖",
     "sea|ocean|harbor|harbour|pier|coast|wave|waves", "海|大海|海上|港|海面|波"},
    {"beach", "海滩|沙滩|海边|海岸", "beach|seaside|shore|seashore|tropical island",
     "浜辺|砂浜|海辺|ビーチ|海岸"},
    {"lake", "湖|湖面|河|河流|江|湖边|池塘|小溪|河边|江面|溪流|西湖|江南",
     "lake|river|pond|stream|lakeside|riverside|creek", "湖|川|池|湖畔|川辺|河"},
    {"forest", "森林|树林|林间|丛林|林中", "forest|woods|jungle|woodland|rainforest",
     "森|森林|林|ジャングル"},
    {"bamboo_grove", "竹林", "bamboo forest|bamboo grove", "竹林"},
    {"grassland", "草原|草地|田野|原野|麦田|稻田|山坡|草坪",
     "grassland|meadow|field|prairie|plain|wheat field|hillside|savanna|savannah",
     "草原|野原|草地|田んぼ|麦畑|丘"},
    {"garden", "花园|庭院|院子|园林|公园", "garden|courtyard|park|yard|backyard",
     "庭|庭園|公園|中庭"},
    {"desert", "沙漠|戈壁|沙丘|大漠", "desert|dunes|sand dunes|dune", "砂漠|砂丘"},
    {"snowfield", "雪原|雪地|冰原|冰川|南极|北极|冰面",
     "snowfield|tundra|glacier|arctic|antarctic|snowy field|ice field", "雪原|氷原|氷河|南極|北極"},
    {"space", "太空|宇宙|银河|星空深处|外太空|星际",
     "outer space|space|galaxy|cosmos|universe|orbit of earth|milky way",
     "宇宙|銀河|宇宙空間|天の川"},
    {"moon_surface", "月球表面|月面|火星", "moon surface|surface of the moon|on the moon|mars",
     "月面|月の表面|火星"},
    {"underwater", "海底|水下|水中|深海|珊瑚礁",
     "underwater|under the sea|deep sea|coral reef|seabed", "海底|水中|深海|珊瑚礁"},
    {"room", "房间|室内|卧室|客厅|书房|窗边|窗前|咖啡馆|图书馆|教室|舞台",
     "room|bedroom|indoors|interior|by the window|cafe|library|living room|kitchen|classroom|stage",
     "部屋|室内|窓辺|寝室|カフェ|図書館|教室|舞台"},
    {"table_top", "桌上|桌子|桌面|餐桌|木桌", "table|desk|tabletop|on a table|wooden table",
     "机|テーブル|食卓|卓上"},
};

constexpr Names kWeathers[] = {
    {"rain", "雨|下雨|细雨|大雨|雨中|雨天|小雨|烟雨", "rain|rainy|raining|drizzle|downpour",
     "雨|雨の日|小雨|大雨|雨降り|梅雨"},
    {"snow", "雪|下雪|大雪|飘雪|雪花|雪中|飞雪", "snow|snowy|snowing|snowfall|snowflake|blizzard",
     "雪|雪の日|大雪|吹雪|粉雪"},
    {"fog", "雾|薄雾|大雾|晨雾|云雾|雾气|迷雾", "fog|mist|misty|foggy|haze|hazy", "霧|靄|霞|朝霧"},
    {"storm", "暴风雨|雷雨|闪电|雷电|暴雨|风暴",
     "storm|stormy|thunderstorm|lightning|thunder|tempest", "嵐|雷雨|稲妻|雷|暴風雨"},
    {"wind", "风|大风|微风|清风|随风|风中|狂风", "wind|windy|breeze|gust|breezy",
     "風|そよ風|強風|春風"},
    {"cloudy", "多云|阴天|云|白云|乌云|云海|云朵", "cloudy|overcast|cloud|clouds|sea of clouds",
     "曇り|雲|雲海|曇天"},
    {"clear", "晴|晴天|晴朗|晴空|蓝天", "clear sky|sunny|cloudless|blue sky|clear",
     "晴れ|快晴|青空|晴天"},
    {"sandstorm", "沙尘暴|沙尘|黄沙", "sandstorm|dust storm|dusty", "砂嵐|黄砂"},
    {"rainbow", "彩虹|雨后彩虹", "rainbow", "虹"},
    {"heat", "热浪|炎热|酷暑", "heat haze|heatwave|scorching", "陽炎|猛暑|炎天"},
};

constexpr Names kLights[] = {
    {"dawn", "清晨|日出|黎明|晨光|早晨|朝霞|拂晓|破晓",
     "dawn|sunrise|early morning|daybreak|morning", "夜明け|朝日|日の出|朝|早朝"},
    {"day", "白天|正午|阳光|午后|日光|中午|太阳",
     "daylight|midday|noon|sunlight|afternoon|daytime|sun|sunshine",
     "昼|日差し|真昼|午後|太陽|陽光|日光"},
    {"golden", "黄金时刻|金色阳光|暖阳|金色的光|秋日",
     "golden hour|golden light|warm light|golden sunlight", "黄金色の光|ゴールデンアワー|暖かい光"},
    {"sunset", "夕阳|日落|黄昏|傍晚|晚霞|落日|暮色", "sunset|dusk|evening|twilight|sundown",
     "夕日|夕焼け|日没|黄昏|夕方|夕暮れ"},
    {"night", "夜晚|夜|夜里|深夜|月光|星空|夜空|夜色|夜间|月夜|星夜",
     "night|moonlight|midnight|moonlit|starry sky|night sky|starry|nighttime",
     "夜|月光|深夜|星空|夜空|真夜中|月夜"},
    {"neon", "霓虹|霓虹灯|霓虹灯光", "neon|neon light|neon lights|neon sign", "ネオン|ネオンの光"},
    {"candlelight", "烛光|灯火|炉火|火光|暖黄的灯光", "candlelight|candlelit|firelight|lamplight",
     "蝋燭の光|灯火|ランプの光|キャンドルの光"},
    {"aurora", "极光|北极光", "aurora|northern lights|polar lights", "オーロラ|極光"},
};

constexpr Names kMotions[] = {
    {"push_in", "推进|镜头推进|缓缓推进|推近|拉近|靠近|推镜",
     "push in|pushes in|pushing in|zoom in|zooms in|dolly in|move closer|moves closer|close in",
     "寄る|寄っていく|近づく|ズームイン|寄り"},
    {"pull_out", "拉远|镜头拉远|后退|缓缓拉远|拉开|拉镜",
     "pull out|pulls out|pulling out|pull back|pulls back|zoom out|zooms out|dolly out",
     "引く|引いていく|遠ざかる|ズームアウト|引き"},
    {"pan_left", "左摇|向左摇|左移|向左平移|摇向左",
     "pan left|pans left|panning left|truck left|move left|moves left",
     "左にパン|左へパン|左へ移動|左に移動"},
    {"pan_right", "右摇|向右摇|右移|向右平移|摇向右|摇镜头|摇镜|横移|平移|摇",
     "pan right|pans right|panning right|truck right|move right|moves right|pan|pans|tracking shot",
     "右にパン|右へパン|右へ移動|右に移動|パンする|パン"},
    {"crane_up", "上升|升起镜头|镜头上升|升降|上摇",
     "crane up|cranes up|tilt up|tilts up|rise up|rises up|boom up|camera rises",
     "上昇|上にパン|上へ移動|クレーンアップ"},
    {"crane_down", "下降|镜头下降|下摇|俯冲",
     "crane down|cranes down|tilt down|tilts down|boom down|camera descends",
     "下降|下にパン|下へ移動|クレーンダウン"},
    {"orbit", "环绕|绕拍|旋转拍摄|围绕",
     "orbit|orbits|orbiting|circle around|circles around|rotate around|arc shot",
     "回り込む|回り込み|周回|ぐるりと回る"},
    {"static", "静止|固定镜头|不动|定格|固定机位",
     "static|still shot|locked off|fixed camera|no camera movement|stationary",
     "静止|固定カメラ|固定"},
};

constexpr Names kParticles[] = {
    {"petals", "花瓣|落花|落樱|飘落的花瓣|樱吹雪", "petal|petals|falling petals",
     "花びら|花吹雪|桜吹雪|散る桜"},
    {"leaves", "落叶|树叶|叶子", "falling leaves|leaf|leaves", "落ち葉|木の葉|葉"},
    {"steam", "热气|蒸汽|热气腾腾|冒着热气|炊烟|烟雾", "steam|steaming|smoke|steamy",
     "湯気|蒸気|煙"},
    {"fireflies", "萤火虫|流萤", "firefly|fireflies", "蛍|ホタル"},
    {"sparkles", "闪光|星光|光点|火花|闪耀|星星|流星",
     "sparkle|sparkles|sparkling|glitter|spark|sparks|star|stars|shooting star|meteor",
     "きらめき|煌めき|火花|星|流れ星"},
    {"bubbles", "气泡|泡泡", "bubble|bubbles", "泡|シャボン玉"},
};

constexpr Names kMoods[] = {
    {"calm", "宁静|静谧|平静|安静|温柔", "calm|serene|peaceful|quiet|gentle|tranquil",
     "静か|穏やか|静謐|優しい"},
    {"joyful", "欢快|快乐|喜悦|欢乐|热闹", "joyful|happy|cheerful|lively|playful",
     "楽しい|喜び|陽気|賑やか"},
    {"tense", "紧张|危险|压迫|惊险", "tense|dangerous|suspenseful|ominous", "緊張|危険|不穏"},
    {"lonely", "孤独|忧伤|寂寞|悲伤|忧郁", "lonely|melancholy|melancholic|sad|solitary",
     "孤独|寂しい|悲しい|哀愁"},
    {"mysterious", "神秘|梦幻|奇幻|魔幻", "mysterious|dreamy|magical|fantastic|mystical",
     "神秘的|幻想的|夢のよう"},
    {"epic", "史诗|壮丽|宏大|磅礴|震撼", "epic|grand|majestic|spectacular|heroic",
     "壮大|雄大|壮麗"},
};

constexpr Style kStyles[] = {
    {{"cinematic", "电影感|电影", "cinematic|film look|movie", "映画的|シネマティック|映画"},
     "golden"},
    {{"cyberpunk", "赛博朋克", "cyberpunk|synthwave|vaporwave", "サイバーパンク"}, "neon"},
    {{"watercolor", "水彩", "watercolor|watercolour", "水彩画|水彩"}, "dawn"},
    {{"ink", "水墨画|水墨|国画", "ink wash|ink painting|sumi-e|ink", "水墨画|墨絵"}, "dawn"},
    {{"anime", "动漫|动画|二次元|新海诚", "anime|manga|ghibli", "アニメ|漫画|ジブリ"}, "day"},
    {{"documentary", "纪录片|纪实|写实", "documentary|realistic|photorealistic|natural",
      "ドキュメンタリー|写実的"},
     "day"},
    {{"noir", "黑色电影|黑白", "noir|film noir|black and white|monochrome",
      "ノワール|白黒|モノクロ"},
     "night"},
    {{"oil", "油画|印象派", "oil painting|oil|impressionist|impressionism", "油絵|油彩|印象派"},
     "golden"},
    {{"clay", "黏土|粘土|定格动画", "clay|claymation|stop motion|plasticine", "粘土|クレイアニメ"},
     "day"},
    {{"minimal", "极简|简约", "minimal|minimalist|flat design|minimalism", "ミニマル|ミニマリスト"},
     "day"},
    {{"papercut", "剪纸", "papercut|paper cut|paper craft|papercraft", "切り絵|切り紙"}, "sunset"},
    {{"ukiyoe", "浮世绘", "ukiyo-e|ukiyoe|woodblock|woodblock print", "浮世絵|木版画"}, "day"},
    {{"fantasy", "幻想风格|童话", "fantasy|fairytale|fairy tale|storybook", "ファンタジー|童話"},
     "dawn"},
    {{"retro", "复古|胶片|怀旧", "retro|vintage|film grain|nostalgic",
      "レトロ|フィルム風|懐かしい"},
     "golden"},
};

// Chinese and Japanese entries are cut out of running text, so only what cannot be part of a noun
// that matters stands here.
constexpr Names kStopWords = {
    "stop",
    "会飞|会跑|会跳|会游泳|会唱歌|会说话|会发光|能飞|可以|马上|风景|升上|升|飘|摇曳|一位|一个|一只|"
    "一座|一条|一艘|一辆|一匹|一朵|一片|一碗|一杯|一棵|"
    "一把|一盏|一群|一架|一名|一对|一场|一列|两只|两个|三只|几只|许多|无数|正在|坐在|站在|走在|"
    "飞过|穿过|划过|掠过|缓缓|慢慢|轻轻|静静|静静地|奔跑|奔驰|飞翔|飞舞|飘落|飘浮|漂浮|飘扬|行走|"
    "漫步|散步|跳舞|起舞|跳跃|睡觉|沉睡|熟睡|吃|喝|看着|望着|仰望|凝视|演奏|弹奏|弹|读书|阅读|骑着|"
    "骑|撑着|撑|打着|拿着|提着|抱着|追逐|玩耍|旋转|燃烧|闪烁|升起|落下|盛开|绽放|开放|穿着|身穿|穿|"
    "戴着|上空|空中|天空|地上|地面|远处|远方|近处|中央|中间|旁边|身边|旁|边|前面|后面|里面|外面|"
    "下面|上面|美丽|漂亮|可爱|巨大|高大|古老|年轻|孤单|红色|蓝色|绿色|白色|黑色|金色|粉色|紫色|"
    "黄色|银色|橙色|彩色|镜头|画面|特写|全景|远景|近景|风格|画风|冒着|热|独自|孤零零|整个|一|的|地|"
    "得|了|着|在|和|与|跟|上|下|里|中|是|有|被|把|从|向|往|到|对|为|以|及|或|而|又|也|都|就|还|很|"
    "更|最|这|那|他|她|它|我|你|们|个|位|只|座|条|艘|辆|匹|朵|片|碗|杯|棵|盏|群|架|名|场|列|前|后|"
    "内|外|间|来|去|过|起|出|进|飞|跑|走|坐|站|看|望|听|落|开|照|大|小|老|新|高|长|红|蓝|绿|白|黑|"
    "金|粉|紫|黄|静|同|时|当|之|其",
    "a|an|the|of|in|on|at|to|by|with|and|or|for|from|into|onto|over|under|above|below|beneath|"
    "beside|near|through|across|around|along|behind|between|among|against|while|as|is|are|was|were|"
    "be|being|been|it|its|his|her|their|this|that|these|those|he|she|they|i|we|you|my|your|our|one|"
    "two|three|four|five|some|many|few|all|another|other|very|slowly|gently|softly|quietly|quickly|"
    "alone|together|up|down|out|off|away|then|there|here|where|who|which|when|so|but|not|no|run|"
    "runs|running|walk|walks|walking|fly|flies|flying|sit|sits|sitting|stand|stands|standing|sleep|"
    "sleeps|sleeping|play|plays|playing|dance|dances|dancing|jump|jumps|jumping|swim|swims|"
    "swimming|sail|sails|sailing|ride|rides|riding|drive|drives|driving|look|looks|looking|watch|"
    "watches|watching|hold|holds|holding|wear|wears|wearing|read|reads|reading|drink|drinks|"
    "drinking|eat|eats|eating|fall|falls|falling|float|floats|floating|drift|drifts|drifting|glow|"
    "glows|glowing|shine|shines|shining|shot|close-up|closeup|wide|scene|view|camera|style|slow|"
    "fast|small|little|big|large|huge|giant|tiny|tall|old|young|new|ancient|beautiful|pretty|"
    "lovely|cute|red|blue|green|white|black|golden|gold|pink|purple|yellow|silver|orange|gray|grey|"
    "brown|warm|cold|hot|bright|dark|deep|high|low|long|distant|far|empty|open|first|last|stormy|"
    "snowy|front|top|middle|background|foreground|sky|ground|air|water|light|lights|shadow|moving|"
    "moves|move|passing|passes|crossing|crosses|rising|rises|towards|toward|past|wooden|lone|"
    "resting|waiting|surface|surrounded|covered|filled|full|blooming|bloom|like|after|before|"
    "during|without|made|just|each",
    "の|を|に|は|が|で|と|も|へ|や|から|まで|より|ている|ています|でいる|ながら|いる|ある|する|"
    "した|して|しています|いた|れる|られる|ます|です|だ|な|一人|一匹|一つ|二人|二匹|静かに|"
    "ゆっくり|ゆっくりと|そっと|走る|走って|走り|歩く|歩いて|歩き|飛ぶ|飛んで|飛び|眠る|眠って|"
    "眠り|座る|座って|立つ|立って|弾く|弾いて|奏でる|奏でて|踊る|踊って|読む|読んで|飲む|飲んで|"
    "食べる|食べて|乗る|乗って|見る|見て|見上げる|舞う|舞って|舞い|散る|散って|咲く|咲いて|咲き|"
    "浮かぶ|浮かんで|光る|光って|輝く|輝いて|泳ぐ|泳いで|降る|降って|揺れる|揺れて|古い|新しい|"
    "大きな|大きい|小さな|小さい|美しい|かわいい|可愛い|赤い|青い|白い|黒い|緑の|金色|銀色|下|上|"
    "中|前|後ろ|横|隣|そば|間|外|空|カメラ|シーン|映像|こと|もの|それ|これ|この|その",
};

} // namespace

std::span<const Names> places() {
  return kPlaces;
}
std::span<const Names> weathers() {
  return kWeathers;
}
std::span<const Names> lights() {
  return kLights;
}
std::span<const Names> motions() {
  return kMotions;
}
std::span<const Names> particles() {
  return kParticles;
}
std::span<const Names> moods() {
  return kMoods;
}
std::span<const Style> styles() {
  return kStyles;
}
const Names& stop_words() {
  return kStopWords;
}

} // namespace aigc::preview
