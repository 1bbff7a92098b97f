"""Writes html_names.inc: the names that every tree knows, one line a name: X(enumerator, "text"); and html_svg.inc,
the names whose case is restored in SVG.

Run without arguments; the order is the numbering, so that elements come first.
"""
import pathlib

ELEMENTS = '''
a abbr address applet area article aside audio b base basefont bdi bdo bgsound big blockquote body br button canvas
caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed fieldset figcaption
figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe image img input ins isindex
kbd keygen label legend li link listing main map mark marquee menu menuitem meta meter nav nobr noembed noframes noscript
object ol optgroup option output p param picture plaintext pre progress q rb rp rt rtc ruby s samp script search section
select selectedcontent slot small source span strike strong style sub summary sup table tbody td template textarea tfoot
th thead time title tr track tt u ul var video wbr xmp
svg math mi mo mn ms mtext mglyph malignmark annotation-xml desc g path rect circle line text use defs symbol
mrow msup msub mfrac msqrt mtable mtr mtd semantics annotation
'''.split()

SVG_ELEMENTS = '''
altGlyph altGlyphDef altGlyphItem animateColor animateMotion animateTransform clipPath feBlend feColorMatrix
feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow feFlood
feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode feMorphology feOffset fePointLight
feSpecularLighting feSpotLight feTile feTurbulence foreignObject glyphRef linearGradient radialGradient textPath
'''.split()

SVG_ATTRIBUTES = '''
attributeName attributeType baseFrequency baseProfile calcMode clipPathUnits diffuseConstant edgeMode filterUnits glyphRef
gradientTransform gradientUnits kernelMatrix kernelUnitLength keyPoints keySplines keyTimes lengthAdjust
limitingConeAngle markerHeight markerUnits markerWidth maskContentUnits maskUnits numOctaves pathLength patternContentUnits
patternTransform patternUnits pointsAtX pointsAtY pointsAtZ preserveAlpha preserveAspectRatio primitiveUnits refX refY
repeatCount repeatDur requiredExtensions requiredFeatures specularConstant specularExponent spreadMethod startOffset
stdDeviation stitchTiles surfaceScale systemLanguage tableValues targetX targetY textLength viewBox viewTarget
xChannelSelector yChannelSelector zoomAndPan
'''.split()

ATTRIBUTES = '''
href class id src style alt name content type rel value width height colspan rowspan align valign border cellpadding
cellspacing bgcolor color face size target action method for lang charset http-equiv media encoding prompt
checked selected disabled multiple readonly required placeholder tabindex accesskey hidden role datetime itemprop
itemscope itemtype property onclick onload onsubmit srcset sizes loading async defer integrity crossorigin rev scope
public system definitionurl definitionURL shadowrootmode
xlink:actuate xlink:arcrole xlink:href xlink:role xlink:show xlink:title xlink:type xml:lang xml:space xmlns xmlns:xlink
xlink actuate arcrole show space
open contenteditable poster ping manifest imagesrcset formaction formmethod formenctype codebase background longdesc
profile usemap archive classid itemid itemref list minlength maxlength srcdoc http-equiv
'''.split()

KEYWORDS = {'template', 'for', 'class', 'switch', 'public', 'system', 'async'}


def enumerator(name):
    word = name.replace('-', '_').replace(':', '_')
    if word != word.lower():
        word = ''.join('_' + c.lower() if c.isupper() else c for c in word)
    return word + '_' if word in KEYWORDS else word


names = []
for name in ELEMENTS + SVG_ELEMENTS + [n.lower() for n in SVG_ELEMENTS] + ATTRIBUTES + SVG_ATTRIBUTES + \
        [n.lower() for n in SVG_ATTRIBUTES]:
    if name not in names:
        names.append(name)
lines = ['// Made by html_names_generate.py.', '// clang-format off']
lines += [f'X({enumerator(n)}, "{n}")' for n in names]
pathlib.Path(__file__).with_name('html_names.inc').write_text('\n'.join(lines) + '\n')

pairs = ['// Made by html_names_generate.py.', '// clang-format off']
pairs += [f'SVG_ELEMENT({enumerator(n.lower())}, {enumerator(n)})' for n in SVG_ELEMENTS]
pairs += [f'SVG_ATTRIBUTE({enumerator(n.lower())}, {enumerator(n)})' for n in SVG_ATTRIBUTES]
pathlib.Path(__file__).with_name('html_svg.inc').write_text('\n'.join(pairs) + '\n')
