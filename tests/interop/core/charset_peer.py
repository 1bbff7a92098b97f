"""Prints `encoding<TAB>bytes as hex<TAB>text as UTF-8 hex` for samples in every legacy encoding."""
samples = {
    'windows-1250': 'Příliš žluťoučký kůň', 'windows-1251': 'Съешь ещё', 'windows-1252': 'déjà “vu” €',
    'windows-1253': 'Ξεσκεπάζω', 'windows-1254': 'Pijamalı hasta', 'windows-1255': 'דג סקרן',
    'windows-1256': 'صِف خَلقَ', 'windows-1257': 'Įlinkdama fechtuotojo', 'windows-1258': 'Viêt Nam',
    'iso-8859-2': 'Zażółć gęślą', 'iso-8859-5': 'Съешь', 'iso-8859-7': 'Ξεσκεπάζω', 'iso-8859-15': '€ œuvre',
    'iso-8859-16': 'Știință', 'koi8-r': 'Съешь ещё', 'koi8-u': 'їжак', 'ibm866': 'Съешь ещё',
    'macintosh': 'déjà vu', 'shift_jis': '日本語テキスト ｱｲｳ', 'euc-jp': '日本語テキスト ｱｲｳ',
    'iso-2022-jp': '日本語テキスト', 'euc-kr': '다람쥐 헌 쳇바퀴', 'gbk': '中文文本', 'gb18030': '中文 € 😀 ㆠ',
    'big5': '中文字元', 'utf-16le': 'a€😀', 'utf-16be': 'a€😀',
}
python_names = {'macintosh': 'mac_roman', 'shift_jis': 'cp932', 'euc-kr': 'cp949', 'ibm866': 'cp866'}
for name, text in samples.items():
    data = text.encode(python_names.get(name, name))
    print(name, data.hex(), text.encode().hex(), sep='\t')
