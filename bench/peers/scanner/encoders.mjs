// Encoders that are no packages: programs written as packed words, symbols, faces, blanks and characters nobody sees.
// Each follows the scheme of the tool it is named after closely enough to leave the same syntax tree.

// Dean Edwards' packer: words by their number in base 62, put back by a function and run.
export function pack(code) {
  const words = [...new Set(code.match(/\b\w+\b/g))];
  const digits = (n) => (n < 62 ? '' : digits(Math.floor(n / 62))) + ((n %= 62) > 35 ? String.fromCharCode(n + 29) : n.toString(36));
  const numbers = new Map(words.map((word, index) => [word, digits(index)]));
  const payload = code.replace(/\b\w+\b/g, (word) => numbers.get(word)).replace(/[\\']/g, '\\$&').replace(/\r?\n/g, '\\n');
  return `eval(function(p,a,c,k,e,r){e=function(c){return(c<a?'':e(parseInt(c/a)))+((c=c%a)>35?String.fromCharCode(c+29):c.toString(36))};`
    + `if(!''.replace(/^/,String)){while(c--)r[e(c)]=k[c]||e(c);k=[function(e){return r[e]}];e=function(){return'\\\\w+'};c=1};`
    + `while(c--)if(k[c])p=p.replace(new RegExp('\\\\b'+e(c)+'\\\\b','g'),k[c]);return p}('${payload}',62,${words.length},'${words.join('|')}'.split('|'),0,{}))`;
}

// Yosuke Hasegawa's aaencode: digits are sums of faces, strings are cut out of what coercions give.
export function aaencode(code) {
  const digits = ['(c^_^o)', '(ﾟΘﾟ)', '((o^_^o) - (ﾟΘﾟ))', '(o^_^o)', '(ﾟｰﾟ)', '((ﾟｰﾟ) + (ﾟΘﾟ))', '((o^_^o) +(o^_^o))',
    '((ﾟｰﾟ) + (o^_^o))', '((ﾟｰﾟ) + (ﾟｰﾟ))', '((ﾟｰﾟ) + (ﾟｰﾟ) + (ﾟΘﾟ))'];
  let out = 'ﾟωﾟﾉ= /｀ｍ´）ﾉ ~┻━┻   //*´∇｀*/ [\'_\']; o=(ﾟｰﾟ)  =_=3; c=(ﾟΘﾟ) =(ﾟｰﾟ)-(ﾟｰﾟ); (ﾟДﾟ) =(ﾟΘﾟ)= (o^_^o)/ (o^_^o);'
    + "(ﾟДﾟ)={ﾟΘﾟ: '_' ,ﾟωﾟﾉ : ((ﾟωﾟﾉ==3) +'_') [ﾟΘﾟ] ,ﾟｰﾟﾉ :(ﾟωﾟﾉ+ '_')[o^_^o -(ﾟΘﾟ)] ,ﾟДﾟﾉ:((ﾟｰﾟ==3) +'_')[ﾟｰﾟ] };"
    + " (ﾟДﾟ) [ﾟΘﾟ] =((ﾟωﾟﾉ==3) +'_') [c^_^o];(ﾟДﾟ) ['c'] = ((ﾟДﾟ)+'_') [ (ﾟｰﾟ)+(ﾟｰﾟ)-(ﾟΘﾟ) ];(ﾟДﾟ) ['o'] = ((ﾟДﾟ)+'_') [ﾟΘﾟ];"
    + "(ﾟoﾟ)=(ﾟДﾟ) ['c']+(ﾟДﾟ) ['o']+(ﾟωﾟﾉ +'_')[ﾟΘﾟ]+ ((ﾟωﾟﾉ==3) +'_') [ﾟｰﾟ] + ((ﾟДﾟ) +'_') [(ﾟｰﾟ)+(ﾟｰﾟ)]+ ((ﾟｰﾟ==3) +'_') [ﾟΘﾟ]+"
    + "((ﾟｰﾟ==3) +'_') [(ﾟｰﾟ) - (ﾟΘﾟ)]+(ﾟДﾟ) ['c']+((ﾟДﾟ)+'_') [(ﾟｰﾟ)+(ﾟｰﾟ)]+ (ﾟДﾟ) ['o']+((ﾟｰﾟ==3) +'_') [ﾟΘﾟ];"
    + "(ﾟДﾟ) ['_'] =(o^_^o) [ﾟoﾟ] [ﾟoﾟ];(ﾟεﾟ)=((ﾟｰﾟ==3) +'_') [ﾟΘﾟ]+ (ﾟДﾟ) .ﾟДﾟﾉ+((ﾟДﾟ)+'_') [(ﾟｰﾟ) + (ﾟｰﾟ)];(ﾟｰﾟ)+=(ﾟΘﾟ);"
    + "(ﾟДﾟ)[ﾟεﾟ]='\\\\'; (ﾟДﾟ).ﾟΘﾟﾉ=(ﾟДﾟ+ ﾟｰﾟ)[o^_^o -(ﾟΘﾟ)];(oﾟｰﾟo)=(ﾟωﾟﾉ +'_')[c^_^o];(ﾟДﾟ) [ﾟoﾟ]='\\\"';"
    + "(ﾟДﾟ) ['_'] ( (ﾟДﾟ) ['_'] (ﾟεﾟ+(ﾟДﾟ)[ﾟoﾟ]+ ";
  for (const c of code) {
    out += '(ﾟДﾟ)[ﾟεﾟ]+';
    out += [...c.codePointAt(0).toString(8)].map((digit) => digits[digit]).join('+ ') + '+ ';
  }
  return out + "(ﾟДﾟ)[ﾟoﾟ]) (ﾟΘﾟ)) ('_');";
}

// Yosuke Hasegawa's jjencode with the global variable `$`.
export function jjencode(code) {
  const bits = (n) => '$.' + [4, 2, 1].map((bit) => (n & bit ? '$' : '_')).join('');
  let out = '$=~[];$={___:++$,$$$$:(![]+"")[$],__$:++$,$_$_:(![]+"")[$],_$_:++$,$_$$:({}+"")[$],$$_$:($[$]+"")[$],_$$:++$,$$$_:(!""+"")[$],'
    + '$__:++$,$_$:++$,$$__:({}+"")[$],$$_:++$,$$$:++$,$___:++$,$__$:++$};'
    + '$.$_=($.$_=$+"")[$.$_$]+($._$=$.$_[$.__$])+($.$$=($.$+"")[$.__$])+((!$)+"")[$._$$]+($.__=$.$_[$.$$_])+($.$=(!""+"")[$.__$])+'
    + '($._=(!""+"")[$._$_])+$.$_[$.$_$]+$.__+$._$+$.$;$.$$=$.$+(!""+"")[$._$$]+$.__+$._+$.$+$.$$;$.$=($.___)[$.$_][$.$_];$.$($.$($.$$+"\\""+';
  for (const c of code) {
    out += '"\\\\"+' + [...c.codePointAt(0).toString(8)].map((digit) => bits(Number(digit))).join('+') + '+';
  }
  return out + '"\\"")())();';
}

export function fromCharCodes(code) {
  const key = 23;
  const numbers = [...code].map((c) => c.codePointAt(0) ^ key);
  return `(0,globalThis["ev"+"al"])([${numbers}].map(function(n){return String.fromCharCode(n^${key})}).join(""))`;
}

// Variation selectors, one for each byte, as in the worm that hid in editor extensions.
export function invisible(code) {
  const hidden = [...Buffer.from(code)].map((byte) => String.fromCodePoint(byte < 16 ? 0xfe00 + byte : 0xe0100 + byte - 16)).join('');
  return `const s=v=>[...v].map(w=>(w=w.codePointAt(0),w>=0xFE00&&w<=0xFE0F?w-0xFE00:w>=0xE0100&&w<=0xE01EF?w-0xE0100+16:null)).filter(n=>n!==null);`
    + `globalThis["ev"+"al"](Buffer.from(s(\`${hidden}\`)).toString('utf-8'));`;
}

export function whitespace(code) {
  const bits = [...Buffer.from(code)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const blank = bits.replace(/0/g, ' ').replace(/1/g, '\t');
  return `const t='${blank}';let o='';for(let i=0;i<t.length;i+=8)o+=String.fromCharCode(parseInt([...t.slice(i,i+8)].map(c=>c===' '?0:1).join(''),2));globalThis["ev"+"al"](o);`;
}
